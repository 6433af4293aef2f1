package splice

import (
	"hash/adler32"
	"hash/crc32"
	"testing"
)

func TestChecksumsFollowFromTheOriginals(t *testing.T) {
	text := orders(200_000)
	for _, length := range []int{0, 1, 2, 3, 255, 256, 3000, 65_520, 65_521, 65_522, 200_000} {
		for _, at := range []int{0, 1, length / 2, length} {
			before, after := text[:min(at, length)], text[min(at, length):length]
			whole := append(append(append([]byte(nil), before...), snippet...), after...)

			crc := crcWithInsertion(crc32.ChecksumIEEE(text[:length]), crc32.ChecksumIEEE(before),
				crc32.Update(crc32.ChecksumIEEE(before), crc32.IEEETable, snippet), uint32(len(after)))
			if want := crc32.ChecksumIEEE(whole); crc != want {
				t.Errorf("CRC-32 of %d bytes, inserted at %d: %08x, want %08x", length, at, crc, want)
			}

			start := adlerUpdate(adlerStart, before)
			adler := adlerWithInsertion(adler32.Checksum(text[:length]), start, adlerUpdate(start, snippet), int64(len(after)))
			if want := adler32.Checksum(whole); adler != want {
				t.Errorf("Adler-32 of %d bytes, inserted at %d: %08x, want %08x", length, at, adler, want)
			}
		}
	}
}
