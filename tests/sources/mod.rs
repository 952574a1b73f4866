//! The source tree: layers, documents and the files of the tests.

mod documents;
mod files;
mod language;
mod layering;
