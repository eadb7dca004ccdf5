//! One actor an account: first sync, IDLE, reconciliation.
