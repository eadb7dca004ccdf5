//! What the suites share: servers, models and folders.
