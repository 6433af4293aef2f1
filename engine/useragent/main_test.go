package useragent

import (
	"testing"

	"handbill/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
