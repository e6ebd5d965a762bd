package expression

type node any

type path []step

type step struct {
	name  string
	index int
}

type action struct{}
