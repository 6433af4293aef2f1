// Package country says in which country an address is, by a database in MaxMind's format, such as GeoLite2-Country.
//
// The database is read into memory, so that it may be replaced at any time, as geoipupdate does; a new one is taken within
// a minute. Addresses are looked up and forgotten.
package country

import (
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

// recheck is how often the file is looked at.
const recheck = time.Minute

// File is a database on disk. It is safe for concurrent use.
type File struct {
	path   string
	logger atomic.Pointer[slog.Logger]
	loaded atomic.Pointer[database]
	// looked is when the file was looked at last, in Unix nanoseconds; loading is set while it is.
	looked  atomic.Int64
	loading atomic.Bool
	now     func() time.Time
}

// database is what a file had in it at a time.
type database struct {
	reader *maxminddb.Reader // nil where it could not be read
	size   int64
	at     time.Time
}

// Open reads a database. It does not fail: the log says what is wrong with a file that cannot be read, no country is known
// until it can, and it is tried again every minute.
func Open(path string, logger *slog.Logger) *File {
	f := &File{path: path, now: time.Now}
	f.LogTo(logger)
	f.look()
	return f
}

// LogTo says where the log is from now on: a database may be open longer than a log is.
func (f *File) LogTo(logger *slog.Logger) { f.logger.Store(logger.With("database", f.path)) }

// Of is the ISO 3166-1 code of the country that an address is in, in capitals; empty where that is not known.
func (f *File) Of(address netip.Addr) string {
	if f.now().UnixNano()-f.looked.Load() > int64(recheck) && f.loading.CompareAndSwap(false, true) {
		go func() {
			defer f.loading.Store(false)
			f.look()
		}()
	}
	d := f.loaded.Load()
	if d == nil || d.reader == nil || !address.IsValid() {
		return ""
	}
	var code string
	if err := d.reader.Lookup(address.Unmap().WithZone("")).DecodePath(&code, "country", "iso_code"); err != nil {
		return ""
	}
	return Code(code)
}

// look reads the file if it is another than before.
func (f *File) look() {
	f.looked.Store(f.now().UnixNano())
	before := f.loaded.Load()
	info, err := os.Stat(f.path)
	if err != nil {
		if before == nil {
			f.loaded.Store(&database{})
			f.logger.Load().Error("countries are not known: the database cannot be read; correct its path, or get it anew", "error", err)
		}
		return // what was read before is better than nothing
	}
	if before != nil && before.size == info.Size() && before.at.Equal(info.ModTime()) {
		return
	}
	next := &database{size: info.Size(), at: info.ModTime()}
	data, err := os.ReadFile(f.path)
	if err == nil {
		next.reader, err = maxminddb.OpenBytes(data)
	}
	if err != nil {
		f.logger.Load().Error("the database of countries cannot be used; get it anew, in the format .mmdb", "error", err)
		if before != nil {
			next.reader = before.reader
		}
	} else if before != nil {
		f.logger.Load().Info("the database of countries was read anew", "built", next.reader.Metadata.BuildTime())
	}
	f.loaded.Store(next)
}

// Code is a country's code as it is compared: two capitals. It is empty for anything else, and for the codes by which
// databases and proxies say that they do not know.
func Code(text string) string {
	text = strings.TrimSpace(text)
	if len(text) != 2 || !isLetter(text[0]) || !isLetter(text[1]) {
		return ""
	}
	switch code := strings.ToUpper(text); code {
	case "XX", "ZZ":
		return ""
	default:
		return code
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
