package splice

import "hash/crc32"

// A trailer's checksum is that of the text as the site wrote it: of A and B,
// where the insertion S goes between the two. The checksum of A, S and B follows
// from it without reading B.

// crcWithInsertion gives the CRC-32 of A, S and B, given that of A and B, of A,
// of A and S, and the length of B. CRC-32 is linear: what S changes, it changes
// by the same value whatever B is, only carried on through B's length.
func crcWithInsertion(original, before, inserted uint32, lengthAfter uint32) uint32 {
	return original ^ crcCarry(before^inserted, lengthAfter)
}

// crcCarry multiplies a CRC-32 by x to the power of 8n, modulo the polynomial:
// what becomes of it through n more bytes, all zero.
func crcCarry(crc, n uint32) uint32 {
	for i := 0; n > 0; i++ {
		if n&1 == 1 {
			crc = crcMultiply(crc, crcPowers[i])
		}
		n >>= 1
	}
	return crc
}

// crcPowers has x^8, x^16, x^32 and so on, modulo the polynomial.
var crcPowers = makeCRCPowers()

func makeCRCPowers() (powers [32]uint32) {
	power := uint32(1) << (31 - 8) // the highest bit stands for x^0
	for i := range powers {
		powers[i] = power
		power = crcMultiply(power, power)
	}
	return powers
}

// crcMultiply multiplies two polynomials modulo the one of CRC-32.
func crcMultiply(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a&(1<<31) != 0 {
			product ^= b
		}
		b = b>>1 ^ crc32.IEEE&-(b&1)
	}
	return product
}

// adlerModulus is the largest prime below 65536 (RFC 1950, section 8.2).
const adlerModulus = 65521

// adlerStart is the Adler-32 checksum of no bytes.
const adlerStart = 1

// adlerUpdate continues an Adler-32 checksum.
func adlerUpdate(adler uint32, p []byte) uint32 {
	a, b := adler&0xFFFF, adler>>16
	for len(p) > 0 {
		// 5552 is the most bytes that cannot overflow 32 bits.
		piece := p[:min(len(p), 5552)]
		p = p[len(piece):]
		for _, c := range piece {
			a += uint32(c)
			b += a
		}
		a %= adlerModulus
		b %= adlerModulus
	}
	return b<<16 | a
}

// adlerWithInsertion gives the Adler-32 of A, S and B, given that of A and B, of
// A, of A and S, and the length of B: its low half is a sum of all bytes, and its
// high half adds up the low half at every byte.
func adlerWithInsertion(original, before, inserted uint32, lengthAfter int64) uint32 {
	a := original&0xFFFF + adlerModulus + inserted&0xFFFF - before&0xFFFF
	grown := uint64(adlerModulus + inserted&0xFFFF - before&0xFFFF)
	b := uint64(original>>16) + adlerModulus + uint64(inserted>>16) - uint64(before>>16) +
		grown*uint64(lengthAfter%adlerModulus)
	return uint32(b%adlerModulus)<<16 | a%adlerModulus
}
