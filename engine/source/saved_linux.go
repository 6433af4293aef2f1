package source

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// saves tells of files that are written to the end: closed by who wrote them,
// or moved to their place. The events of fsnotify, which are those of all
// systems, do not say that.
type saves struct {
	paths   chan string
	stopped chan struct{}
	file    *os.File
	readers sync.WaitGroup
}

// watchSaves watches folders; nil where the system has no more watches to give.
func watchSaves(folders interest) *saves {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil
	}
	s := &saves{paths: make(chan string), stopped: make(chan struct{}), file: os.NewFile(uintptr(fd), "inotify")}
	names := make(map[int32]string, len(folders))
	for folder := range folders {
		if watch, err := unix.InotifyAddWatch(fd, folder, unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO); err == nil {
			names[int32(watch)] = folder
		}
	}
	s.readers.Go(func() { s.read(names) })
	return s
}

// read passes on what the kernel tells, until it is closed.
func (s *saves) read(folders map[int32]string) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := s.file.Read(buffer)
		if err != nil {
			return
		}
		for events := buffer[:n]; len(events) >= unix.SizeofInotifyEvent; {
			folder := folders[int32(binary.NativeEndian.Uint32(events))]
			end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
			name := strings.TrimRight(string(events[unix.SizeofInotifyEvent:end]), "\x00")
			events = events[end:]
			select {
			case s.paths <- filepath.Join(folder, name):
			case <-s.stopped:
				return
			}
		}
	}
}

// told is where the paths of saved files come from.
func (s *saves) told() <-chan string {
	if s == nil {
		return nil
	}
	return s.paths
}

func (s *saves) close() {
	if s == nil {
		return
	}
	close(s.stopped)
	s.file.Close()
	s.readers.Wait()
}
