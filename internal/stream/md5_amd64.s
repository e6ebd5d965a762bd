#include "textflag.h"

// MD5 of RFC 1321, of eight messages at once: each lane of a register holds the
// same variable of another message.
//
//	Y0 A   Y1 B   Y2 C   Y3 D   Y4, Y5 scratch   Y6 ones in each bit
//	SI words   DX sines

// The functions of the four rounds leave their result in Y4. b is what the step before
// has made, so they begin with the others.

// F is b and c, or not b and d.
#define F(b, c, d) \
	VPXOR c, d, Y4;  \
	VPAND b, Y4, Y4; \
	VPXOR d, Y4, Y4

// G is b and d, or c and not d.
#define G(b, c, d) \
	VPANDN c, d, Y5; \
	VPAND  b, d, Y4; \
	VPOR   Y5, Y4, Y4

// H is b xor c xor d.
#define H(b, c, d) \
	VPXOR c, d, Y4; \
	VPXOR b, Y4, Y4

// I is c xor (b or not d).
#define I(b, c, d) \
	VPXOR Y6, d, Y4; \
	VPOR  b, Y4, Y4; \
	VPXOR c, Y4, Y4

// STEP is a = b + (a + f(b, c, d) + words[k] + sines[i], rotated left by s).
#define STEP(f, a, b, c, d, k, s, i) \
	VPBROADCASTD (i*4)(DX), Y5;    \
	VPADDD       (k*32)(SI), a, a; \
	VPADDD       Y5, a, a;         \
	f(b, c, d);                    \
	VPADDD       Y4, a, a;         \
	VPSLLD       $s, a, Y4;        \
	VPSRLD       $(32-s), a, a;    \
	VPOR         Y4, a, a;         \
	VPADDD       b, a, a

// STEPS is the steps i to i+3, which take four words, and leave each variable in
// its register.
#define STEPS(f, k0, k1, k2, k3, s0, s1, s2, s3, i) \
	STEP(f, Y0, Y1, Y2, Y3, k0, s0, (i+0)); \
	STEP(f, Y3, Y0, Y1, Y2, k1, s1, (i+1)); \
	STEP(f, Y2, Y3, Y0, Y1, k2, s2, (i+2)); \
	STEP(f, Y1, Y2, Y3, Y0, k3, s3, (i+3))

// func md5Blocks(state *[4]lanes, words *[16]lanes, sines *[64]uint32)
TEXT ·md5Blocks(SB), NOSPLIT, $0-24
	MOVQ     state+0(FP), DI
	MOVQ     words+8(FP), SI
	MOVQ     sines+16(FP), DX
	VMOVDQU  0(DI), Y0
	VMOVDQU  32(DI), Y1
	VMOVDQU  64(DI), Y2
	VMOVDQU  96(DI), Y3
	VPCMPEQD Y6, Y6, Y6

	STEPS(F, 0, 1, 2, 3, 7, 12, 17, 22, 0)
	STEPS(F, 4, 5, 6, 7, 7, 12, 17, 22, 4)
	STEPS(F, 8, 9, 10, 11, 7, 12, 17, 22, 8)
	STEPS(F, 12, 13, 14, 15, 7, 12, 17, 22, 12)

	STEPS(G, 1, 6, 11, 0, 5, 9, 14, 20, 16)
	STEPS(G, 5, 10, 15, 4, 5, 9, 14, 20, 20)
	STEPS(G, 9, 14, 3, 8, 5, 9, 14, 20, 24)
	STEPS(G, 13, 2, 7, 12, 5, 9, 14, 20, 28)

	STEPS(H, 5, 8, 11, 14, 4, 11, 16, 23, 32)
	STEPS(H, 1, 4, 7, 10, 4, 11, 16, 23, 36)
	STEPS(H, 13, 0, 3, 6, 4, 11, 16, 23, 40)
	STEPS(H, 9, 12, 15, 2, 4, 11, 16, 23, 44)

	STEPS(I, 0, 7, 14, 5, 6, 10, 15, 21, 48)
	STEPS(I, 12, 3, 10, 1, 6, 10, 15, 21, 52)
	STEPS(I, 8, 15, 6, 13, 6, 10, 15, 21, 56)
	STEPS(I, 4, 11, 2, 9, 6, 10, 15, 21, 60)

	VPADDD  0(DI), Y0, Y0
	VPADDD  32(DI), Y1, Y1
	VPADDD  64(DI), Y2, Y2
	VPADDD  96(DI), Y3, Y3
	VMOVDQU Y0, 0(DI)
	VMOVDQU Y1, 32(DI)
	VMOVDQU Y2, 64(DI)
	VMOVDQU Y3, 96(DI)
	VZEROUPPER
	RET
