// Package archtest holds the rules of this repository that a linter cannot
// express, as plain tests over its source and its documents: who may import
// whom, how large files and functions may become, which goroutines exist, and
// that what ARCHITECTURE.md and docs/ say is what the code says.
//
// ARCHITECTURE.md is an input: its tables of imports, goroutines and
// dependencies are read by the tests, so the page cannot fall behind the code.
package archtest
