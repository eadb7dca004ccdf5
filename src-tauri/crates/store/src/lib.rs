//! Mailroom's SQLite database: schema, one writer, readers, search.
