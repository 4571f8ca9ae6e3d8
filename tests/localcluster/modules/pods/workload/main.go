// Workload is what the containers of the tests run: one static program, which does what its first argument says, or what
// it is called by.
//
//	pause                  waits for the end, as the first process of a pod's sandbox does
//	serve PORT [SECONDS]   answers HTTP: 503 for so long, then 200, with its host name and the path asked for
//	get URL                prints what is answered, whoever answers, and ends
//	exit CODE [TEXT]       prints the text and ends
//	oom                    takes memory until the kernel ends it
//	fill FILE MIB          writes so much into a file, and waits
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func main() {
	words := os.Args[1:]
	if filepath.Base(os.Args[0]) == "pause" || len(words) == 0 {
		words = []string{"pause"}
	}
	switch words[0] {
	case "pause":
		pause()
	case "serve":
		serve(word(words, 1, "8000"), number(word(words, 2, "0")))
	case "get":
		get(word(words, 1, ""))
	case "exit":
		fmt.Println(word(words, 2, ""))
		os.Exit(number(word(words, 1, "1")))
	case "oom":
		takeMemory()
	case "fill":
		fill(word(words, 1, ""), number(word(words, 2, "1")))
		pause()
	default:
		fail("unknown word " + words[0] + ": pause, serve, get, exit, oom or fill")
	}
}

// pause also takes the place of init where a pod shares its process namespace, so it waits for orphans.
func pause() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			if pid, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 {
				break
			}
		}
	}
}

func serve(port string, unready int) {
	ready := time.Now().Add(time.Duration(unready) * time.Second)
	host, _ := os.Hostname()
	http.HandleFunc("/", func(answer http.ResponseWriter, asked *http.Request) {
		if time.Now().Before(ready) {
			answer.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprintln(answer, host, asked.URL.Path)
	})
	fmt.Println("listening on", port)
	fail(http.ListenAndServe(":"+port, nil).Error())
}

func get(url string) {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	answer, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get(url)
	if err != nil {
		fail(err.Error())
	}
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		fail(err.Error())
	}
}

func takeMemory() {
	const step = 8 << 20
	var taken [][]byte
	for {
		block := make([]byte, step)
		for page := 0; page < step; page += os.Getpagesize() {
			block[page] = 1
		}
		taken = append(taken, block)
		fmt.Println(len(taken)*step>>20, "MiB")
	}
}

func fill(path string, megabytes int) {
	file, err := os.Create(path)
	if err != nil {
		fail(err.Error())
	}
	block := make([]byte, 1<<20)
	for range megabytes {
		if _, err := file.Write(block); err != nil {
			fail(err.Error())
		}
	}
}

func word(words []string, index int, otherwise string) string {
	if index < len(words) {
		return words[index]
	}
	return otherwise
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		fail(err.Error())
	}
	return value
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, text)
	os.Exit(2)
}
