// Two tensors of the same shape, element by element.
#include "common.cuh"

DEVICE A larger(A a, A b) { return (b > a || b != b) ? b : a; }
// The share of the first in the gradient of the larger of two.
DEVICE A share_of_larger(A a, A b) { return a > b ? A(1) : (a < b ? A(0) : A(0.5)); }

#define PAIRED(name, value, first, second)                                                              \
    KERNEL(name##_forward)(const T* left, const T* right, T* output, Index n) {                         \
        EACH(i, n) {                                                                                    \
            const A a = A(left[i]), b = A(right[i]);                                                    \
            output[i] = T(value);                                                                       \
        }                                                                                               \
    }                                                                                                   \
    KERNEL(name##_first)(const T* left, const T* right, const T* gradient, T* output, Index n) {        \
        EACH(i, n) {                                                                                    \
            const A a = A(left[i]), b = A(right[i]), g = A(gradient[i]);                                \
            (void)a, (void)b, output[i] = T(first);                                                     \
        }                                                                                               \
    }                                                                                                   \
    KERNEL(name##_second)(const T* left, const T* right, const T* gradient, T* output, Index n) {       \
        EACH(i, n) {                                                                                    \
            const A a = A(left[i]), b = A(right[i]), g = A(gradient[i]);                                \
            (void)a, (void)b, output[i] = T(second);                                                    \
        }                                                                                               \
    }

KERNEL(add_forward)(const T* left, const T* right, T* output, Index n) {
    EACH(i, n) output[i] = T(A(left[i]) + A(right[i]));
}
KERNEL(subtract_forward)(const T* left, const T* right, T* output, Index n) {
    EACH(i, n) output[i] = T(A(left[i]) - A(right[i]));
}
PAIRED(multiply, a * b, g * b, g * a)
PAIRED(divide, a / b, g / b, -(g * (a / b) / b))
PAIRED(maximum, larger(a, b), g * share_of_larger(a, b), g * (A(1) - share_of_larger(a, b)))
