//! The local language model: import, loading, question sheet, supervision.
