//! A JSON value in two blocks of memory, however many values are in it. A chain has
//! a hundred thousand of them, and making a block for each costs more than reading it.

use serde_json::{Map, Value};

use super::reader::MAX_INTEGER;
use super::writer::CanonicalError;

/// A JSON value of which every number is an integer within ±2^53, and no object has
/// two members of one name. Members keep their order.
#[derive(Debug, Clone, Default)]
pub(in crate::metadata) struct Tree {
    /// All texts, one after the other.
    texts: String,
    /// All values, each before those that it contains; the name of a member before its value.
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
enum Entry {
    Null,
    Bool(bool),
    Integer(i64),
    Text(Text),
    /// Where the values that it contains end.
    Array {
        end: usize,
    },
    /// The same, and whether its names stand in the order of code points, each once.
    Object {
        end: usize,
        sorted: bool,
    },
}

/// Where a text stands among the texts, and whether there is nothing to escape in it.
#[derive(Debug, Clone, Copy)]
struct Text {
    from: usize,
    to: usize,
    plain: bool,
}

impl Entry {
    /// The same entry, for a tree that begins later by so many entries and bytes of text.
    fn moved(self, entries: usize, bytes: usize) -> Self {
        match self {
            Self::Text(Text { from, to, plain }) => Self::Text(Text {
                from: from - bytes,
                to: to - bytes,
                plain,
            }),
            Self::Array { end } => Self::Array { end: end - entries },
            Self::Object { end, sorted } => Self::Object {
                end: end - entries,
                sorted,
            },
            other => other,
        }
    }
}

impl Tree {
    /// Room for the values of a text of so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self {
            texts: String::with_capacity(bytes),
            entries: Vec::with_capacity(bytes / 24 + 8),
        }
    }

    /// The same value in another form.
    pub(in crate::metadata) fn of(value: &Value) -> Result<Self, CanonicalError> {
        let mut tree = Self::default();
        tree.add(value)?;
        Ok(tree)
    }

    fn add(&mut self, value: &Value) -> Result<(), CanonicalError> {
        match value {
            Value::Null => self.add_null(),
            Value::Bool(value) => self.add_bool(*value),
            Value::Number(number) => {
                let integer = number
                    .as_i64()
                    .filter(|integer| integer.unsigned_abs() <= MAX_INTEGER)
                    .ok_or_else(|| CanonicalError::Number(number.to_string()))?;
                self.add_integer(integer);
            }
            Value::String(text) => self.add_text(text),
            Value::Array(items) => {
                let array = self.begin();
                for item in items {
                    self.add(item)?;
                }
                self.end_array(array);
            }
            Value::Object(members) => {
                let object = self.begin();
                for (name, member) in members {
                    self.add_text(name);
                    self.add(member)?;
                }
                let end = self.entries.len();
                let sorted = members.keys().is_sorted();
                self.entries[object] = Entry::Object { end, sorted };
            }
        }
        Ok(())
    }

    pub(super) fn add_null(&mut self) {
        self.entries.push(Entry::Null);
    }

    pub(super) fn add_bool(&mut self, value: bool) {
        self.entries.push(Entry::Bool(value));
    }

    pub(super) fn add_integer(&mut self, value: i64) {
        self.entries.push(Entry::Integer(value));
    }

    pub(super) fn add_text(&mut self, text: &str) {
        // Searching for one byte is fast.
        let bytes = text.as_bytes();
        let plain = !bytes.contains(&b'"') && !bytes.contains(&b'\\');
        self.push_text(text, plain);
    }

    /// Adds a text that has neither `"` nor `\` in it.
    pub(super) fn add_plain_text(&mut self, text: &str) {
        self.push_text(text, true);
    }

    fn push_text(&mut self, text: &str, plain: bool) {
        let from = self.texts.len();
        self.texts.push_str(text);
        let to = self.texts.len();
        self.entries.push(Entry::Text(Text { from, to, plain }));
    }

    /// Begins an array or object. What is added next is in it.
    pub(super) fn begin(&mut self) -> usize {
        self.entries.push(Entry::Null);
        self.entries.len() - 1
    }

    pub(super) fn end_array(&mut self, array: usize) {
        let end = self.entries.len();
        self.entries[array] = Entry::Array { end };
    }

    /// Ends an object.
    ///
    /// # Errors
    /// With the name of a member that it has twice.
    pub(super) fn end_object(&mut self, object: usize) -> Result<(), String> {
        let end = self.entries.len();
        self.entries[object] = Entry::Object { end, sorted: true };
        let node = Node {
            tree: self,
            index: object,
        };
        if node.members().is_sorted_by(|(a, _), (b, _)| a < b) {
            return Ok(());
        }
        let mut names: Vec<_> = node.members().map(|(name, _)| name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(twice[0].to_owned());
        }
        self.entries[object] = Entry::Object { end, sorted: false };
        Ok(())
    }

    /// The whole value.
    pub(in crate::metadata) fn root(&self) -> Node<'_> {
        Node {
            tree: self,
            index: 0,
        }
    }
}

/// A value in a tree.
#[derive(Debug, Clone, Copy)]
pub(in crate::metadata) struct Node<'a> {
    tree: &'a Tree,
    index: usize,
}

/// What kind of value a node is.
pub(super) enum Kind<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Text(&'a str),
    Array,
    Object,
}

impl<'a> Node<'a> {
    pub(super) fn kind(self) -> Kind<'a> {
        match self.tree.entries[self.index] {
            Entry::Null => Kind::Null,
            Entry::Bool(value) => Kind::Bool(value),
            Entry::Integer(value) => Kind::Integer(value),
            Entry::Text(text) => Kind::Text(&self.tree.texts[text.from..text.to]),
            Entry::Array { .. } => Kind::Array,
            Entry::Object { .. } => Kind::Object,
        }
    }

    pub(in crate::metadata) fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(in crate::metadata) fn as_u64(self) -> Option<u64> {
        match self.kind() {
            Kind::Integer(value) => value.try_into().ok(),
            _ => None,
        }
    }

    pub(in crate::metadata) fn as_str(self) -> Option<&'a str> {
        match self.kind() {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The node, if it is an array.
    pub(in crate::metadata) fn as_array(self) -> Option<Self> {
        matches!(self.kind(), Kind::Array).then_some(self)
    }

    /// The node, if it is an object.
    pub(in crate::metadata) fn as_object(self) -> Option<Self> {
        matches!(self.kind(), Kind::Object).then_some(self)
    }

    /// Where whatever follows the node begins.
    fn end(self) -> usize {
        match self.tree.entries[self.index] {
            Entry::Array { end } | Entry::Object { end, .. } => end,
            _ => self.index + 1,
        }
    }

    /// The items of an array; nothing for any other value.
    pub(in crate::metadata) fn items(self) -> impl Iterator<Item = Node<'a>> + Clone {
        let index = match self.kind() {
            Kind::Array => self.index + 1,
            _ => self.end(),
        };
        Siblings {
            tree: self.tree,
            index,
            end: self.end(),
        }
    }

    /// The members of an object; nothing for any other value.
    pub(in crate::metadata) fn members(self) -> impl Iterator<Item = (&'a str, Node<'a>)> + Clone {
        self.named()
            .filter_map(|(name, member)| Some((name.as_str()?, member)))
    }

    /// The members of an object, their names as nodes.
    pub(super) fn named(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> + Clone {
        let index = match self.kind() {
            Kind::Object => self.index + 1,
            _ => self.end(),
        };
        Named(Siblings {
            tree: self.tree,
            index,
            end: self.end(),
        })
    }

    /// A member of an object.
    pub(in crate::metadata) fn get(self, name: &str) -> Option<Self> {
        self.members()
            .find(|(other, _)| *other == name)
            .map(|(_, member)| member)
    }

    /// Whether the node is a text with neither `"` nor `\` in it.
    pub(super) fn is_plain(self) -> bool {
        matches!(self.tree.entries[self.index], Entry::Text(text) if text.plain)
    }

    /// Whether the members of an object stand in the order of code points.
    pub(super) fn is_sorted(self) -> bool {
        matches!(self.tree.entries[self.index], Entry::Object { sorted, .. } if sorted)
    }

    fn entries(self) -> &'a [Entry] {
        &self.tree.entries[self.index..self.end()]
    }

    /// Whether it is that value, with the members of objects in the same order.
    pub(in crate::metadata) fn is(self, other: Node<'_>) -> bool {
        let same = |(own, others): (&Entry, &Entry)| match (*own, *others) {
            (Entry::Null, Entry::Null) => true,
            (Entry::Bool(own), Entry::Bool(others)) => own == others,
            (Entry::Integer(own), Entry::Integer(others)) => own == others,
            (Entry::Text(own), Entry::Text(others)) => {
                self.tree.texts[own.from..own.to] == other.tree.texts[others.from..others.to]
            }
            (Entry::Array { end: own }, Entry::Array { end: others })
            | (Entry::Object { end: own, .. }, Entry::Object { end: others, .. }) => {
                own - self.index == others - other.index
            }
            _ => false,
        };
        let (own, others) = (self.entries(), other.entries());
        own.len() == others.len() && own.iter().zip(others).all(same)
    }

    /// The same value alone.
    pub(in crate::metadata) fn to_tree(self) -> Tree {
        // The texts of a value stand side by side, in the order of its entries.
        let mut texts = self.entries().iter().filter_map(|entry| match entry {
            Entry::Text(text) => Some(*text),
            _ => None,
        });
        let from = texts.next();
        let to = texts.next_back().or(from).map_or(0, |last| last.to);
        let from = from.map_or(0, |first| first.from);
        Tree {
            texts: self.tree.texts[from..to].to_owned(),
            entries: self
                .entries()
                .iter()
                .map(|entry| entry.moved(self.index, from))
                .collect(),
        }
    }

    /// The same value in the form that is easy to change.
    pub(in crate::metadata) fn to_value(self) -> Value {
        match self.kind() {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Integer(value) => Value::from(value),
            Kind::Text(text) => Value::from(text),
            Kind::Array => self.items().map(Self::to_value).collect(),
            Kind::Object => Value::Object(self.to_map()),
        }
    }

    /// The members of an object in the form that is easy to change.
    pub(in crate::metadata) fn to_map(self) -> Map<String, Value> {
        self.members()
            .map(|(name, member)| (name.to_owned(), member.to_value()))
            .collect()
    }
}

/// Values that stand side by side.
#[derive(Debug, Clone)]
struct Siblings<'a> {
    tree: &'a Tree,
    index: usize,
    end: usize,
}

impl<'a> Iterator for Siblings<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let node = Node {
            tree: self.tree,
            index: self.index,
        };
        (self.index < self.end).then(|| {
            self.index = node.end();
            node
        })
    }
}

/// Names, each with the value that follows it.
#[derive(Debug, Clone)]
struct Named<'a>(Siblings<'a>);

impl<'a> Iterator for Named<'a> {
    type Item = (Node<'a>, Node<'a>);

    fn next(&mut self) -> Option<(Node<'a>, Node<'a>)> {
        Some((self.0.next()?, self.0.next()?))
    }
}

/// A value in a tree, and the tree with it.
#[derive(Debug, Clone)]
pub(in crate::metadata) struct Part {
    tree: Tree,
    index: usize,
}

impl Part {
    /// The member of the whole value that has that name.
    pub(in crate::metadata) fn member(tree: Tree, name: &str) -> Option<Self> {
        let index = tree.root().get(name)?.index;
        Some(Self { tree, index })
    }

    /// The value.
    pub(in crate::metadata) fn node(&self) -> Node<'_> {
        Node {
            tree: &self.tree,
            index: self.index,
        }
    }
}

impl From<Tree> for Part {
    /// The whole value.
    fn from(tree: Tree) -> Self {
        Self { tree, index: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_leads_back_to_itself() {
        let value = json!({"b": [1, -2, true, null, [], {}], "a": {"é": "x\n", "": false}});
        let tree = Tree::of(&value).unwrap();
        assert_eq!(tree.root().to_value(), value);
        let names: Vec<_> = tree.root().members().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn another_value_is_another() {
        let value = json!({"a": [1, "x"], "b": {"c": true}});
        let tree = Tree::of(&value).unwrap();
        for other in [
            json!({"a": [1, "x"]}),
            json!({"a": [1], "b": {"c": true}}),
            json!({"a": [1, "x", 2], "b": {"c": true}}),
            json!({"a": [2, "x"], "b": {"c": true}}),
            json!({"a": [1, "y"], "b": {"c": true}}),
            json!({"a": [1, "x"], "b": {"c": false}}),
            json!({"a": [1, "x"], "b": {"d": true}}),
            json!({"a": [1, "x"], "b": {"c": true}, "d": null}),
            json!({"a": [1, "x"], "b": [{"c": true}]}),
            json!({"b": {"c": true}, "a": [1, "x"]}),
            json!(null),
        ] {
            let other = Tree::of(&other).unwrap();
            assert!(!tree.root().is(other.root()), "{other:?}");
        }
    }

    #[test]
    fn a_part_is_the_same_alone() {
        let value = json!({"x": ["y"], "part": [1, {"a": "é", "b": [true, null]}, ""], "z": 1});
        let tree = Tree::of(&value).unwrap();
        for name in ["x", "part", "z"] {
            let part = tree.root().get(name).unwrap();
            let alone = part.to_tree();
            assert!(part.is(alone.root()) && alone.root().is(part));
            assert_eq!(alone.root().to_value(), value[name]);
        }
    }

    #[test]
    fn only_what_is_there_is_found() {
        let tree = Tree::of(&json!({"a": {"b": 7}, "list": ["a"]})).unwrap();
        let root = tree.root();
        assert_eq!(root.get("a").and_then(|a| a.get("b")?.as_u64()), Some(7));
        assert!(root.get("b").is_none() && root.get("list").unwrap().get("a").is_none());
        assert!(root.items().next().is_none() && root.as_array().is_none());
        let part = Part::member(tree, "list").unwrap();
        let items: Vec<_> = part.node().items().map(Node::as_str).collect();
        assert_eq!(items, [Some("a")]);
    }
}
