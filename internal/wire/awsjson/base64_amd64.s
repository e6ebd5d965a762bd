#include "textflag.h"

DATA halfMask<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL halfMask<>(SB), RODATA|NOPTR, $8

// func alphabetBlocks(b []byte, low, high *[16]byte) int
//
//	Y0 low   Y1 high   Y2 halfMask in each byte   Y3 zeros   Y4, Y5 a block's halves
//	SI b     CX len(b) DX what is in order    R8 DX and a block
TEXT ·alphabetBlocks(SB), NOSPLIT, $0-48
	MOVQ           b_base+0(FP), SI
	MOVQ           b_len+8(FP), CX
	MOVQ           low+24(FP), AX
	MOVQ           high+32(FP), BX
	VBROADCASTI128 (AX), Y0
	VBROADCASTI128 (BX), Y1
	VPBROADCASTQ   halfMask<>(SB), Y2
	VPXOR          Y3, Y3, Y3
	XORQ           DX, DX

block:
	LEAQ     32(DX), R8
	CMPQ     R8, CX
	JA       done
	VMOVDQU  (SI)(DX*1), Y4
	VPSRLW   $4, Y4, Y5
	VPAND    Y2, Y4, Y4
	VPAND    Y2, Y5, Y5
	VPSHUFB  Y4, Y0, Y4
	VPSHUFB  Y5, Y1, Y5
	VPAND    Y4, Y5, Y4
	VPCMPEQB Y3, Y4, Y4
	VPTEST   Y4, Y4
	JNZ      done
	MOVQ     R8, DX
	JMP      block

done:
	VZEROUPPER
	MOVQ DX, ret+40(FP)
	RET
