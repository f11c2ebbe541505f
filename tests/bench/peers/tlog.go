// The tree of golang.org/x/mod/sumdb/tlog: append the lines of a file in batches, and prove each leaf of a batch.
//
//	tlog FILE FIRST COUNT BATCH   prints leaves appended and proved in a second, hashes kept in memory
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

type kept []tlog.Hash

func (hashes kept) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		found[at] = hashes[index]
	}
	return found, nil
}

func number(at int) int {
	found, err := strconv.Atoi(os.Args[at])
	check(err)
	return found
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func lines(path string, first, count int) [][]byte {
	file, err := os.Open(path)
	check(err)
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, 1<<20), 1<<20)
	var found [][]byte
	for number := 0; number < first+count && scanner.Scan(); number++ {
		if number >= first {
			found = append(found, append([]byte(nil), scanner.Bytes()...))
		}
	}
	return found
}

func main() {
	records, batch := lines(os.Args[1], number(2), number(3)), number(4)
	var hashes kept
	began := time.Now()
	for first := 0; first < len(records); first += batch {
		last := min(first+batch, len(records))
		for at := first; at < last; at++ {
			more, err := tlog.StoredHashes(int64(at), records[at], hashes)
			check(err)
			hashes = append(hashes, more...)
		}
		for at := first; at < last; at++ {
			_, err := tlog.ProveRecord(int64(last), int64(at), hashes)
			check(err)
		}
	}
	fmt.Println(float64(len(records)) / time.Since(began).Seconds())
}

func min(one, other int) int {
	if one < other {
		return one
	}
	return other
}
