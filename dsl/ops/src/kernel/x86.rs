//! The registers of x86-64: 512 bits (AVX-512) and 256 bits (AVX2 with FMA).

use super::vector::Vector;
use std::arch::x86_64::*;

/// Implements [`Vector`] from the names of the instructions.
macro_rules! register {
    ($name:ident, $register:ty, $number:ty, $lanes:literal, $zero:ident, $splat:ident, $load:ident, $store:ident,
     $first:ident, $write:ident, $add:ident, $fma:ident, $total:ident) => {
        #[doc = concat!(stringify!($lanes), " numbers of type ", stringify!($number), ".")]
        #[derive(Clone, Copy)]
        pub(crate) struct $name($register);

        // SAFETY (of all blocks): callers have the instruction set and pass pointers as `Vector` says.
        impl Vector for $name {
            type Number = $number;
            const LANES: usize = $lanes;
            #[inline(always)]
            unsafe fn zero() -> Self {
                Self(unsafe { $zero() })
            }
            #[inline(always)]
            unsafe fn splat(number: *const $number) -> Self {
                Self(unsafe { $splat(*number) })
            }
            #[inline(always)]
            unsafe fn load(from: *const $number) -> Self {
                Self(unsafe { $load(from) })
            }
            #[inline(always)]
            unsafe fn load_first(from: *const $number, count: usize) -> Self {
                Self(unsafe { $first(from, count) })
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $number) {
                unsafe { $store(to, self.0) }
            }
            #[inline(always)]
            unsafe fn store_first(self, to: *mut $number, count: usize) {
                unsafe { $write(to, count, self.0) }
            }
            #[inline(always)]
            unsafe fn plus(self, other: Self) -> Self {
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            unsafe fn plus_product(self, a: Self, b: Self) -> Self {
                Self(unsafe { $fma(a.0, b.0, self.0) })
            }
            #[inline(always)]
            unsafe fn total(self) -> $number {
                unsafe { $total(self.0) }
            }
        }
    };
}

register!(
    Single512,
    __m512,
    f32,
    16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    first_single_512,
    write_single_512,
    _mm512_add_ps,
    _mm512_fmadd_ps,
    total_single_512
);
register!(
    Double512,
    __m512d,
    f64,
    8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    first_double_512,
    write_double_512,
    _mm512_add_pd,
    _mm512_fmadd_pd,
    total_double_512
);
register!(
    Single256,
    __m256,
    f32,
    8,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    first_single_256,
    write_single_256,
    _mm256_add_ps,
    _mm256_fmadd_ps,
    total_single_256
);
register!(
    Double256,
    __m256d,
    f64,
    4,
    _mm256_setzero_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    first_double_256,
    write_double_256,
    _mm256_add_pd,
    _mm256_fmadd_pd,
    total_double_256
);

/// Ones in the first lanes, zeros after them; a window into it is a mask.
static LANES_32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
static LANES_64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

#[inline(always)]
unsafe fn mask_single_256(count: usize) -> __m256i {
    debug_assert!(count <= 8);
    // SAFETY: 8 - count is at most 8, so 8 lanes follow.
    unsafe { _mm256_loadu_si256(LANES_32.as_ptr().add(8 - count).cast()) }
}

#[inline(always)]
unsafe fn mask_double_256(count: usize) -> __m256i {
    debug_assert!(count <= 4);
    // SAFETY: 4 - count is at most 4, so 4 lanes follow.
    unsafe { _mm256_loadu_si256(LANES_64.as_ptr().add(4 - count).cast()) }
}

// SAFETY (of the following blocks): only called through `Vector`, whose caller has the instructions and good pointers;
// masked lanes are neither read nor written.

#[inline(always)]
unsafe fn first_single_512(from: *const f32, count: usize) -> __m512 {
    unsafe { _mm512_maskz_loadu_ps(((1u32 << count) - 1) as u16, from) }
}

#[inline(always)]
unsafe fn write_single_512(to: *mut f32, count: usize, v: __m512) {
    unsafe { _mm512_mask_storeu_ps(to, ((1u32 << count) - 1) as u16, v) }
}

#[inline(always)]
unsafe fn first_double_512(from: *const f64, count: usize) -> __m512d {
    unsafe { _mm512_maskz_loadu_pd(((1u32 << count) - 1) as u8, from) }
}

#[inline(always)]
unsafe fn write_double_512(to: *mut f64, count: usize, v: __m512d) {
    unsafe { _mm512_mask_storeu_pd(to, ((1u32 << count) - 1) as u8, v) }
}

#[inline(always)]
unsafe fn first_single_256(from: *const f32, count: usize) -> __m256 {
    unsafe { _mm256_maskload_ps(from, mask_single_256(count)) }
}

#[inline(always)]
unsafe fn write_single_256(to: *mut f32, count: usize, v: __m256) {
    unsafe { _mm256_maskstore_ps(to, mask_single_256(count), v) }
}

#[inline(always)]
unsafe fn first_double_256(from: *const f64, count: usize) -> __m256d {
    unsafe { _mm256_maskload_pd(from, mask_double_256(count)) }
}

#[inline(always)]
unsafe fn write_double_256(to: *mut f64, count: usize, v: __m256d) {
    unsafe { _mm256_maskstore_pd(to, mask_double_256(count), v) }
}

#[inline(always)]
unsafe fn total_single_512(v: __m512) -> f32 {
    unsafe { total_single_256(halves(v)) }
}

#[inline(always)]
unsafe fn total_double_512(v: __m512d) -> f64 {
    unsafe { total_double_256(_mm256_add_pd(_mm512_castpd512_pd256(v), _mm512_extractf64x4_pd::<1>(v))) }
}

#[inline(always)]
unsafe fn total_single_256(v: __m256) -> f32 {
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

#[inline(always)]
unsafe fn total_double_256(v: __m256d) -> f64 {
    unsafe {
        let two = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd::<1>(v));
        _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
    }
}

/// The sum of both halves.
#[inline(always)]
unsafe fn halves(v: __m512) -> __m256 {
    unsafe {
        let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(v)));
        _mm256_add_ps(_mm512_castps512_ps256(v), high)
    }
}
