// Functions of one value and their slopes, from the input or from the output, whichever is kept.
#include "common.cuh"

#define FUNCTION(name, value, slope)                                                            \
    KERNEL(name##_forward)(const T* input, T* output, Index n) {                                \
        EACH(i, n) {                                                                            \
            const A x = A(input[i]);                                                            \
            output[i] = T(value);                                                               \
        }                                                                                       \
    }                                                                                           \
    KERNEL(name##_backward)(const T* known, const T* gradient, T* output, Index n) {            \
        EACH(i, n) {                                                                            \
            const A x = A(known[i]), g = A(gradient[i]);                                        \
            output[i] = T(slope);                                                               \
        }                                                                                       \
    }

#define ROOT_2_OVER_PI A(0.79788456080286535588)
#define CUBIC A(0.044715)
#define STEEP A(1.702)

DEVICE A gelu_tanh_slope(A x, A g) {
    const A t = tanh(ROOT_2_OVER_PI * (x + CUBIC * x * x * x));
    return g * A(0.5) * (A(1) + t + x * (A(1) - t * t) * ROOT_2_OVER_PI * (A(1) + A(3) * CUBIC * x * x));
}
DEVICE A sigmoid_linear_slope(A x, A steep, A g) {
    const A s = logistic(steep * x);
    return g * s * (A(1) + steep * x * (A(1) - s));
}

// `x` in the slopes of relu, sigmoid, tanh, exp and square_root is the output.
FUNCTION(relu, x <= A(0) ? A(0) : x, x > A(0) ? g : A(0))
FUNCTION(gelu_erf, x * normal_distribution(x), g * (normal_distribution(x) + x * normal_density(x)))
FUNCTION(gelu_tanh, A(0.5) * x * (A(1) + tanh(ROOT_2_OVER_PI * (x + CUBIC * x * x * x))), gelu_tanh_slope(x, g))
FUNCTION(gelu_sigmoid, x * logistic(STEEP * x), sigmoid_linear_slope(x, STEEP, g))
FUNCTION(silu, x * logistic(x), sigmoid_linear_slope(x, A(1), g))
FUNCTION(softplus, soft_plus(x), g * logistic(x))
FUNCTION(sigmoid, logistic(x), g * x * (A(1) - x))
FUNCTION(tanh, tanh(x), g * (A(1) - x * x))
FUNCTION(exp, exp(x), g * x)
FUNCTION(square_root, sqrt(x), g * (A(0.5) / x))
FUNCTION(log, log(x), g / x)
FUNCTION(log1p, log1p(x), g / (A(1) + x))
FUNCTION(square, x * x, g * (x + x))
FUNCTION(sine, sin(x), g * cos(x))
FUNCTION(abs, fabs(x), x > A(0) ? g : (x < A(0) ? -g : A(0)))

// `scale * x + offset`.
KERNEL(affine)(const T* input, T* output, Index n, double scale, double offset) {
    EACH(i, n) output[i] = T(A(scale) * A(input[i]) + A(offset));
}

// Adds a value per channel to rows of `[batch, channel, inner]`, in place.
KERNEL(add_bias)(T* values, const T* bias, Index rows, Index channels, Index inner) {
    EACH_OF_ROWS(row, p, rows, inner) {
        values[row * inner + p] = T(A(values[row * inner + p]) + A(bias[row % channels]));
    }
}
