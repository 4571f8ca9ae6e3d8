// Package transformer computes a small decoder: bytes in, a vector for each out. Its weights come from a file.
//
// Tokens are bytes; positions are sinusoids; each layer is causal attention and a ReLU network, each on the
// root-mean-square norm of the stream and added to it; the vectors are the norm of the last; the next token is that whose
// row of the output has the largest product with the last vector.
package transformer

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
)

const (
	vocabulary = 256
	width      = 32
	heads      = 4
	layers     = 2
	inner      = 64
	// Context is how many bytes of a text are read, the last ones.
	Context = 256
)

type matrix [][]float64

type layer struct{ query, key, value, output, up, down matrix }

// Model holds the weights.
type Model struct {
	embedding matrix
	layers    []layer
	output    matrix
	// Parameters is how many weights there are.
	Parameters int
}

// Load reads float32, little endian: the embedding, the six matrices of each layer and the output, row by row.
func Load(path string) (*Model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	parameters := 2*vocabulary*width + layers*(4*width*width+2*width*inner)
	if len(data) != 4*parameters {
		return nil, fmt.Errorf("%s has %d bytes, not %d", path, len(data), 4*parameters)
	}
	next := func(rows, columns int) matrix {
		result := make(matrix, rows)
		for row := range result {
			result[row] = make([]float64, columns)
			for column := range result[row] {
				result[row][column] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data)))
				data = data[4:]
			}
		}
		return result
	}
	model := &Model{embedding: next(vocabulary, width), Parameters: parameters}
	for range layers {
		model.layers = append(model.layers, layer{
			next(width, width), next(width, width), next(width, width), next(width, width),
			next(width, inner), next(inner, width),
		})
	}
	model.output = next(vocabulary, width)
	return model, nil
}

// Embed gives the mean of the vectors of a text, of length 1; nothing for an empty text.
func (model *Model) Embed(text string) []float64 {
	vectors := model.forward([]byte(text))
	if len(vectors) == 0 {
		return []float64{}
	}
	mean := make([]float64, width)
	for _, vector := range vectors {
		add(mean, vector)
	}
	length := math.Sqrt(dot(mean, mean))
	for i := range mean {
		mean[i] /= length
	}
	return mean
}

// Complete gives the likeliest continuation of a text, in printable ASCII.
func (model *Model) Complete(text string, tokens int) string {
	read := []byte(text)
	for range tokens {
		vectors := model.forward(read)
		if len(vectors) == 0 {
			break
		}
		best, highest := byte(' '), math.Inf(-1)
		for token := byte(' '); token <= '~'; token++ {
			if score := dot(model.output[token], vectors[len(vectors)-1]); score > highest {
				best, highest = token, score
			}
		}
		read = append(read, best)
	}
	return string(read[len(text):])
}

func (model *Model) forward(tokens []byte) matrix {
	if len(tokens) > Context {
		tokens = tokens[len(tokens)-Context:]
	}
	stream := make(matrix, len(tokens))
	for position, token := range tokens {
		stream[position] = make([]float64, width)
		for i := range stream[position] {
			angle := float64(position) / math.Pow(10000, float64(i/2*2)/width)
			stream[position][i] = model.embedding[token][i] + []float64{math.Sin(angle), math.Cos(angle)}[i%2]
		}
	}
	for _, layer := range model.layers {
		layer.attend(stream)
		for _, vector := range stream {
			hidden := times(norm(vector), layer.up)
			for i := range hidden {
				hidden[i] = max(hidden[i], 0)
			}
			add(vector, times(hidden, layer.down))
		}
	}
	for position := range stream {
		stream[position] = norm(stream[position])
	}
	return stream
}

func (layer layer) attend(stream matrix) {
	const size = width / heads
	var queries, keys, values matrix
	for _, vector := range stream {
		normed := norm(vector)
		queries = append(queries, times(normed, layer.query))
		keys = append(keys, times(normed, layer.key))
		values = append(values, times(normed, layer.value))
	}
	for position := range stream {
		seen := make([]float64, width)
		for head := range heads {
			from, to := head*size, (head+1)*size
			weights, sum := make([]float64, position+1), 0.0
			for earlier := range weights {
				score := dot(queries[position][from:to], keys[earlier][from:to]) / math.Sqrt(size)
				weights[earlier] = math.Exp(score)
				sum += weights[earlier]
			}
			for earlier, weight := range weights {
				for i := from; i < to; i++ {
					seen[i] += weight / sum * values[earlier][i]
				}
			}
		}
		add(stream[position], times(seen, layer.output))
	}
}

func norm(vector []float64) []float64 {
	scale := math.Sqrt(dot(vector, vector)/float64(len(vector)) + 1e-6)
	result := make([]float64, len(vector))
	for i := range vector {
		result[i] = vector[i] / scale
	}
	return result
}

func times(vector []float64, by matrix) []float64 {
	result := make([]float64, len(by[0]))
	for row, factor := range vector {
		for column := range result {
			result[column] += factor * by[row][column]
		}
	}
	return result
}

func add(to, what []float64) {
	for i := range to {
		to[i] += what[i]
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
