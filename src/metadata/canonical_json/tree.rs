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
    /// Where it stands among the texts.
    Text {
        from: usize,
        to: usize,
    },
    /// Where the values that it contains end.
    Array {
        end: usize,
    },
    Object {
        end: usize,
    },
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
                self.end_object(object);
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
        let from = self.texts.len();
        self.texts.push_str(text);
        let to = self.texts.len();
        self.entries.push(Entry::Text { from, to });
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

    pub(super) fn end_object(&mut self, object: usize) -> Node<'_> {
        let end = self.entries.len();
        self.entries[object] = Entry::Object { end };
        Node {
            tree: self,
            index: object,
        }
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
            Entry::Text { from, to } => Kind::Text(&self.tree.texts[from..to]),
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
            Entry::Array { end } | Entry::Object { end } => end,
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
        let index = match self.kind() {
            Kind::Object => self.index + 1,
            _ => self.end(),
        };
        Members(Siblings {
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

    /// The names of an object's members in the order of code points, which is that of UTF-8.
    pub(super) fn sorted_members(self) -> Vec<(&'a str, Node<'a>)> {
        let mut sorted: Vec<_> = self.members().collect();
        sorted.sort_unstable_by_key(|(name, _)| *name);
        sorted
    }

    /// Whether the members of an object stand in the order of code points, each name once.
    pub(super) fn is_sorted(self) -> bool {
        self.members().is_sorted_by(|(a, _), (b, _)| a < b)
    }

    /// Whether it is that value, with the members of objects in the same order.
    pub(in crate::metadata) fn is(self, value: &Value) -> bool {
        match (self.kind(), value) {
            (Kind::Null, Value::Null) => true,
            (Kind::Bool(own), Value::Bool(other)) => own == *other,
            (Kind::Integer(own), Value::Number(other)) => other.as_i64() == Some(own),
            (Kind::Text(own), Value::String(other)) => own == other,
            (Kind::Array, Value::Array(items)) => {
                let mut own = self.items();
                items
                    .iter()
                    .all(|item| own.next().is_some_and(|own| own.is(item)))
                    && own.next().is_none()
            }
            (Kind::Object, Value::Object(members)) => {
                let mut own = self.members();
                let same = |(name, value): (&String, &Value)| {
                    own.next()
                        .is_some_and(|(own_name, own)| own_name == name && own.is(value))
                };
                members.iter().all(same) && own.next().is_none()
            }
            _ => false,
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
struct Members<'a>(Siblings<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Node<'a>);

    fn next(&mut self) -> Option<(&'a str, Node<'a>)> {
        let name = self.0.next()?.as_str()?;
        Some((name, self.0.next()?))
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
        assert!(tree.root().is(&value));
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
            assert!(!tree.root().is(&other), "{other}");
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
