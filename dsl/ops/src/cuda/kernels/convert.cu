// From the type of the values to the one they are computed in, and back.
#include "common.cuh"

KERNEL(widen)(const T* input, A* output, Index n) { EACH(i, n) output[i] = A(input[i]); }
KERNEL(narrow)(const A* input, T* output, Index n) { EACH(i, n) output[i] = T(input[i]); }
KERNEL(fill)(T* output, Index n, double value) { EACH(i, n) output[i] = T(A(value)); }
