// Package sts holds the shapes of the operations of the Security Token Service that are served, and
// the constraints on them, generated from operations.json as package api's own
// are from its.
package sts

//go:generate go run ../gen
