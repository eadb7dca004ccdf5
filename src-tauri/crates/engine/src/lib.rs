//! The headless application: commands in, answers and events out.
