//! Small data frame helpers whose types are fixed, so that cells which use them compile fast.
