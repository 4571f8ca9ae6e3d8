// Package flags reads command lines by a list of the flags of an engine, which lies in its image.
package flags

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

const list = "/flags.json"

type flag struct {
	Name    string   `json:"name"`
	Takes   string   `json:"takes"` // nothing, one, many or optional
	Choices []string `json:"choices"`
}

// Engine is what a parser knows.
type Engine struct {
	// Abbreviates says whether the beginning of a flag will do, if it is of no other.
	Abbreviates bool `json:"abbreviates"`
	// Joins says whether --flag=value is read as a flag and its value.
	Joins bool            `json:"joins"`
	Flags map[string]flag `json:"flags"`
}

// Line is a command line. What is wrong with it stands in its last three fields.
type Line struct {
	Values     map[string]string
	Others     []string
	Unknown    []string // flags, as they were written
	Lacking    []string // names of flags without their value
	NotAllowed []Choice
}

// Choice is a value that a flag does not take.
type Choice struct {
	Flag, Value string
	Allowed     []string
}

// Parse reads words by the list of the image.
func Parse(words []string) Line {
	var engine Engine
	text, err := os.ReadFile(list)
	if err == nil {
		err = json.Unmarshal(text, &engine)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return engine.parse(words)
}

func (engine Engine) parse(words []string) Line {
	line := Line{Values: map[string]string{}}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		spelled, value, joined := word, "", false
		if engine.Joins {
			spelled, value, joined = strings.Cut(word, "=")
		}
		found, known := engine.find(spelled)
		switch {
		case !strings.HasPrefix(word, "-"):
			line.Others = append(line.Others, word)
			continue
		case !known:
			line.Unknown = append(line.Unknown, word)
			continue
		case found.Takes == "nothing" || joined:
		case len(words) > 0 && !strings.HasPrefix(words[0], "--"):
			value, words = words[0], words[1:]
		case found.Takes != "optional":
			line.Lacking = append(line.Lacking, found.Name)
		}
		line.Values[found.Name] = value
		if len(found.Choices) > 0 && value != "" && !slices.Contains(found.Choices, value) {
			line.NotAllowed = append(line.NotAllowed, Choice{found.Name, value, found.Choices})
		}
	}
	return line
}

func (engine Engine) find(spelled string) (flag, bool) {
	if found, ok := engine.Flags[spelled]; ok || !engine.Abbreviates || !strings.HasPrefix(spelled, "--") {
		return found, ok
	}
	begun := map[string]flag{}
	for name, each := range engine.Flags {
		if strings.HasPrefix(name, spelled) {
			begun[each.Name] = each
		}
	}
	for _, each := range begun {
		return each, len(begun) == 1
	}
	return flag{}, false
}
