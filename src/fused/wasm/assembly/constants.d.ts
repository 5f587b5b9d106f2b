/** Given to the compiler: 1 for the module that computes what steps have beyond the six equations, 0 for the one that is without. */
declare const WITH_ADDITIONS: i32;
