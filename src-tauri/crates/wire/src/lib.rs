//! What crosses to the interface and to scripts: requests, answers, events, error codes.
