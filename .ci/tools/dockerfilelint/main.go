// Command dockerfilelint parses a Dockerfile and checks it by the rules of BuildKit, as
// docker build --check does, without an engine and without pulling an image.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/opencontainers/go-digest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dockerfilelint DOCKERFILE")
		os.Exit(2)
	}
	findings, err := check(context.Background(), os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
	for _, finding := range findings {
		fmt.Fprintf(os.Stderr, "%s: %s\n", os.Args[1], finding)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}

func check(ctx context.Context, path string) (findings []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	_, err = dockerfile2llb.Dockerfile2LLB(ctx, text, dockerfile2llb.ConvertOpt{
		MetaResolver: anyImage{},
		AllStages:    true,
		Warn: func(rule, _, url, message string, location []parser.Range) {
			line := 0
			if len(location) > 0 {
				line = location[0].Start.Line
			}
			findings = append(findings, fmt.Sprintf("line %d: %s: %s (%s)", line, rule, message, url))
		},
	})
	return findings, err
}

// anyImage stands for every base image: the rules ask only for its environment.
type anyImage struct{}

func (anyImage) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64",
		"os":           "linux",
		"config":       map[string]any{"Env": []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
		"rootfs":       map[string]any{"type": "layers"},
	})
	return ref, digest.FromBytes(config), config, err
}
