// Llama-server has the command line and the paths of llama.cpp's server that the operator and its clients use. What it
// answers is computed, by a small transformer whose weights lie in the image: it downloads nothing.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"modelservice.dev/localcluster/engines/flags"
	"modelservice.dev/localcluster/engines/transformer"
)

const weights = "/weights.bin"

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func main() {
	given := parse(os.Args[1:])
	model, err := transformer.Load(weights)
	if err != nil {
		fail(err.Error())
	}
	name := given["--alias"]
	http.HandleFunc("GET /health", func(answer http.ResponseWriter, _ *http.Request) {
		write(answer, map[string]any{"status": "ok"})
	})
	http.HandleFunc("GET /v1/models", func(answer http.ResponseWriter, _ *http.Request) {
		entry := map[string]any{"id": name, "object": "model", "owned_by": "llamacpp"}
		write(answer, map[string]any{"object": "list", "data": []any{entry}})
	})
	http.HandleFunc("POST /v1/chat/completions", func(answer http.ResponseWriter, asked *http.Request) {
		request := struct {
			Messages  []message `json:"messages"`
			MaxTokens int       `json:"max_tokens"`
		}{MaxTokens: 32}
		if err := json.NewDecoder(asked.Body).Decode(&request); err != nil {
			http.Error(answer, err.Error(), http.StatusBadRequest)
			return
		}
		var prompt []string
		for _, each := range request.Messages {
			prompt = append(prompt, each.Role+": "+each.Content+"\n")
		}
		text := strings.Join(prompt, "") + "assistant: "
		said := message{"assistant", model.Complete(text, min(request.MaxTokens, transformer.Context))}
		choice := map[string]any{"index": 0, "finish_reason": "length", "message": said}
		usage := map[string]any{
			"prompt_tokens": len(text), "completion_tokens": len(said.Content), "total_tokens": len(text) + len(said.Content),
		}
		write(answer, map[string]any{
			"object": "chat.completion", "model": name, "choices": []any{choice}, "usage": usage,
		})
	})
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-ended
		os.Exit(0) // in the middle of requests, as the real one does
	}()
	log.Printf("a transformer of %d random weights takes the place of %s%s", model.Parameters, given["--hf-repo"], given["--model"])
	fail(http.ListenAndServe(given["--host"]+":"+given["--port"], nil).Error())
}

func parse(words []string) map[string]string {
	line := flags.Parse(words)
	for _, flag := range append(line.Unknown, line.Others...) {
		fail("error: invalid argument: " + flag)
	}
	for _, flag := range line.Lacking {
		fail("error while handling argument \"" + flag + "\": expected value for argument")
	}
	for flag, otherwise := range map[string]string{"--host": "127.0.0.1", "--port": "8080"} {
		if _, ok := line.Values[flag]; !ok {
			line.Values[flag] = otherwise
		}
	}
	return line.Values
}

func write(answer http.ResponseWriter, value any) {
	answer.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(answer).Encode(value); err != nil {
		log.Print(err)
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
