//! Every text people read.
