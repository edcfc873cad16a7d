// One fused pass per parameter: clipping, weight decay, moments, weight. Weights and moments have the type A (float32
// masters) and may be changed where they lie.
#include "common.cuh"

// A gradient after clipping: the factor from the norm (where there is one), then the limit of values.
DEVICE A held_back(A g, const A* norm, double most, double limit) {
    if (norm) g *= A(most) / max(A(most), norm[0]);
    return min(max(g, A(-limit)), A(limit));
}

// `momentum` is null without momentum; its first values are zeros, which the first step passes over (`share` 0).
KERNEL(sgd)(const A* weight, const A* gradient, A* momentum, A* new_weight, const A* norm, Index n, double most, double limit,
            double rate, double share, double rest, double decay, double direct, double along) {
    EACH(i, n) {
        const A g = held_back(gradient[i], norm, most, limit) + A(decay) * weight[i];
        A direction = g;
        if (momentum) {
            const A velocity = A(share) * momentum[i] + A(rest) * g;
            momentum[i] = velocity;
            direction = A(direct) * g + A(along) * velocity;
        }
        new_weight[i] = weight[i] - A(rate) * direction;
    }
}

// `size` is rate / (1 - beta1^t), `root` is sqrt(1 - beta2^t). `largest` is null without AMSGrad.
KERNEL(adam)(const A* weight, const A* gradient, A* mean, A* square, A* largest, A* new_weight, const A* norm, Index n, double most,
             double limit, double size, double root, double beta1, double beta2, double epsilon, double decay, double shrink) {
    EACH(i, n) {
        const A g = held_back(gradient[i], norm, most, limit) + A(decay) * weight[i];
        const A m = mean[i] + A(1 - beta1) * (g - mean[i]), s = square[i] + A(1 - beta2) * (g * g - square[i]);
        mean[i] = m;
        square[i] = s;
        A divisor = s;
        if (largest) largest[i] = divisor = largest[i] > s ? largest[i] : s;
        new_weight[i] = A(shrink) * weight[i] - A(size) * (m / (sqrt(divisor) / A(root) + A(epsilon)));
    }
}

// `direct` and `along` are the rates of the gradient and of its mean.
KERNEL(nadam)(const A* weight, const A* gradient, A* mean, A* square, A* new_weight, const A* norm, Index n, double most,
              double limit, double direct, double along, double root, double beta1, double beta2, double epsilon, double decay) {
    EACH(i, n) {
        const A g = held_back(gradient[i], norm, most, limit) + A(decay) * weight[i];
        const A m = mean[i] + A(1 - beta1) * (g - mean[i]), s = A(beta2) * square[i] + A(1 - beta2) * g * g;
        mean[i] = m;
        square[i] = s;
        new_weight[i] = weight[i] - (A(direct) * g + A(along) * m) / (sqrt(s) / A(root) + A(epsilon));
    }
}

KERNEL(adagrad)(const A* weight, const A* gradient, A* sum, A* new_weight, const A* norm, Index n, double most, double limit,
                double size, double epsilon, double decay) {
    EACH(i, n) {
        const A g = held_back(gradient[i], norm, most, limit) + A(decay) * weight[i];
        const A s = sum[i] + g * g;
        sum[i] = s;
        new_weight[i] = weight[i] - A(size) * (g / (sqrt(s) + A(epsilon)));
    }
}

// `square` is the mean of squared gradients, `delta` that of squared steps.
KERNEL(adadelta)(const A* weight, const A* gradient, A* square, A* delta, A* new_weight, const A* norm, Index n, double most,
                 double limit, double rate, double rho, double epsilon, double decay) {
    EACH(i, n) {
        const A g = held_back(gradient[i], norm, most, limit) + A(decay) * weight[i];
        const A s = A(rho) * square[i] + A(1 - rho) * g * g;
        const A step = sqrt(delta[i] + A(epsilon)) / sqrt(s + A(epsilon)) * g;
        square[i] = s;
        delta[i] = A(rho) * delta[i] + A(1 - rho) * step * step;
        new_weight[i] = weight[i] - A(rate) * step;
    }
}

// Sums of squares of a part of a gradient each; `square_root_of_sum` adds all parts of all gradients.
BLOCK_KERNEL(square_sums)(const A* gradient, A* partial, Index n, Index first) {
    const Index size = (n + gridDim.x - 1) / gridDim.x;
    const Index begin = min(blockIdx.x * size, n), end = min(begin + size, n);
    A sum = A(0);
    for (Index i = begin + threadIdx.y; i < end; i += blockDim.y) sum += gradient[i] * gradient[i];
    sum = column_sum(sum);
    if (threadIdx.y == 0) partial[first + blockIdx.x] = sum;
}
BLOCK_KERNEL(square_root_of_sum)(const A* partial, A* norm, Index count) {
    A sum = A(0);
    for (Index i = threadIdx.y; i < count; i += blockDim.y) sum += partial[i];
    sum = column_sum(sum);
    if (threadIdx.y == 0) norm[0] = sqrt(sum);
}
