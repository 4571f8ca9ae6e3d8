// Vllm reads a command line as `vllm serve` does, and refuses in the words of Python's argparse what that refuses; then
// the simulator llm-d-inference-sim takes its place, which answers as vLLM does and computes nothing.
package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"modelservice.dev/localcluster/engines/flags"
)

const simulator = "/app/llm-d-inference-sim"

// Long enough for requests to be under way when a server is told to end.
var speed = []string{"--time-to-first-token=200ms", "--inter-token-latency=20ms"}

func main() {
	if len(os.Args) < 2 || os.Args[1] != "serve" {
		refuse("only `vllm serve` is here")
	}
	words := os.Args[2:]
	for index, word := range words {
		name, value, joined := strings.Cut(word, "=")
		if strings.HasPrefix(name, "--") { // vLLM takes --max_model_len too
			words[index] = strings.ReplaceAll(name, "_", "-")
			if joined {
				words[index] += "=" + value
			}
		}
	}
	line := flags.Parse(words)
	for _, name := range line.Lacking {
		refuse(fmt.Sprintf("argument %s: expected one argument", name))
	}
	for _, wrong := range line.NotAllowed {
		allowed := strings.Join(wrong.Allowed, ", ")
		refuse(fmt.Sprintf("argument %s: invalid choice: '%s' (choose from %s)", wrong.Flag, wrong.Value, allowed))
	}
	if len(line.Others) == 0 {
		refuse("no model is named")
	}
	if unknown := append(line.Unknown, line.Others[1:]...); len(unknown) > 0 {
		refuse("unrecognized arguments: " + strings.Join(unknown, " "))
	}
	command := append([]string{simulator, "--model", line.Others[0], "--force-dummy-tokenizer"}, speed...)
	for _, flag := range []string{"--served-model-name", "--port", "--max-model-len", "--max-num-seqs"} {
		if value, ok := line.Values[flag]; ok {
			command = append(command, flag, value)
		}
	}
	host, _ := os.Hostname()
	fmt.Println("This is the simulator of vLLM, llm-d-inference-sim, for", line.Others[0], "in", host)
	// The name goes into the header x-inference-pod of each answer.
	refuse(syscall.Exec(simulator, command, append(os.Environ(), "POD_NAME="+host)).Error())
}

func refuse(why string) {
	fmt.Fprintf(os.Stderr, "usage: vllm serve [model_tag] [options]\nvllm serve: error: %s\n", why)
	os.Exit(2)
}
