//! The label: evidence, model and memory, fused, with the reasons.
