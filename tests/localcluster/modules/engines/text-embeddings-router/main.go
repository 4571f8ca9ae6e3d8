// Text-embeddings-router has the command line and the paths of Text Embeddings Inference that the operator and its
// clients use. What it answers is computed, by a small transformer whose weights lie in the image: it downloads nothing.
package main

import (
	"context"
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

func main() {
	given := parse(os.Args[1:])
	model, err := transformer.Load(weights)
	if err != nil {
		fail(err.Error())
	}
	http.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("POST /embed", func(answer http.ResponseWriter, asked *http.Request) {
		var request struct{ Inputs json.RawMessage }
		texts, ok := read(answer, asked, &request, &request.Inputs)
		if ok {
			write(answer, embed(model, texts))
		}
	})
	http.HandleFunc("POST /v1/embeddings", func(answer http.ResponseWriter, asked *http.Request) {
		var request struct{ Input json.RawMessage }
		texts, ok := read(answer, asked, &request, &request.Input)
		if !ok {
			return
		}
		data, bytes := []any{}, 0
		for index, vector := range embed(model, texts) {
			data = append(data, map[string]any{"object": "embedding", "index": index, "embedding": vector})
			bytes += len(texts[index])
		}
		usage := map[string]any{"prompt_tokens": bytes, "total_tokens": bytes}
		write(answer, map[string]any{"object": "list", "model": given["--served-model-name"], "data": data, "usage": usage})
	})
	server := &http.Server{Addr: ":" + given["--port"]}
	drained := make(chan struct{})
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-ended
		if err := server.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
		close(drained)
	}()
	log.Printf("a transformer of %d random weights takes the place of %s", model.Parameters, given["--model-id"])
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fail(err.Error())
	}
	<-drained
}

func embed(model *transformer.Model, texts []string) [][]float64 {
	vectors := [][]float64{}
	for _, text := range texts {
		vectors = append(vectors, model.Embed(text))
	}
	return vectors
}

// read decodes the request and gives the texts in one of its fields: one text, or a list of them.
func read(answer http.ResponseWriter, asked *http.Request, request any, field *json.RawMessage) ([]string, bool) {
	err := json.NewDecoder(asked.Body).Decode(request)
	texts := []string{""}
	if err == nil && json.Unmarshal(*field, &texts[0]) != nil {
		err = json.Unmarshal(*field, &texts)
	}
	if err != nil {
		http.Error(answer, err.Error(), http.StatusUnprocessableEntity)
	}
	return texts, err == nil
}

func write(answer http.ResponseWriter, value any) {
	answer.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(answer).Encode(value); err != nil {
		log.Print(err)
	}
}

func parse(words []string) map[string]string {
	line := flags.Parse(words)
	for _, word := range append(line.Unknown, line.Others...) {
		flag, _, _ := strings.Cut(word, "=")
		refuse("unexpected argument '" + flag + "' found")
	}
	for _, flag := range line.Lacking {
		refuse("a value is required for '" + flag + "' but none was supplied")
	}
	for _, wrong := range line.NotAllowed {
		refuse("invalid value '" + wrong.Value + "' for '" + wrong.Flag + "'\n  [possible values: " + strings.Join(wrong.Allowed, ", ") + "]")
	}
	if _, ok := line.Values["--port"]; !ok {
		line.Values["--port"] = "3000"
	}
	return line.Values
}

func refuse(why string) {
	fmt.Fprintf(os.Stderr, "error: %s\n\nUsage: text-embeddings-router [OPTIONS]\n\nFor more information, try '--help'.\n", why)
	os.Exit(2)
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
