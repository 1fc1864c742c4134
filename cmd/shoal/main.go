// Shoal is Redpanda Connect with real-time customer segmentation: the connectors
// that most people use and the components of package plugin, in one binary.
package main

import (
	"context"

	"github.com/redpanda-data/benthos/v4/public/service"

	_ "github.com/shoal-stream/shoal/plugin"
)

// version and built are set by the linker.
var (
	version = "0.1.0-dev"
	built   = ""
)

func main() {
	service.RunCLI(
		context.Background(),
		service.CLIOptSetVersion(version, built),
		service.CLIOptSetBinaryName("shoal"),
		service.CLIOptSetProductName("Shoal"),
		service.CLIOptSetDocumentationURL("https://github.com/shoal-stream/shoal"),
		service.CLIOptSetDefaultConfigPaths("./shoal.yaml", "/shoal.yaml", "/etc/shoal/config.yaml"),
		service.CLIOptAddCommand(healthcheckCommand()),
		service.CLIOptAddCommand(storeCommand()),
	)
}
