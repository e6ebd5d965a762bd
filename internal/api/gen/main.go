// Command gen writes the shapes and the constraints of the Kinesis operations
// as Go, from operations.json in the directory it is run in.
//
// The input is the service's model reduced to what is needed here:
//
//	operations  name -> input and output shape, errors
//	            without an input: a name that is known, but has no shapes
//	shapes      name -> type, and by type members, element, key, value;
//	            constraints min, max, pattern, enum (in the order that
//	            messages print), sensitive (messages leave the value out)
//
// The output depends on the input only, byte by byte.
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes the generated files of the package in dir.
func run(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing is written through it
	model, err := root.ReadFile(inputName)
	if err != nil {
		return err
	}
	files, err := generate(model)
	if err != nil {
		return fmt.Errorf("%s: %w", inputName, err)
	}
	for _, f := range files {
		if err := root.WriteFile(f.name, f.source, 0o644); err != nil {
			return err
		}
	}
	return nil
}
