package stream

// HeavyKeys finds the hash key that most of a sequence of weights belongs to,
// in bounded memory: the summary of Misra and Gries, with weights. What it says
// of a key is never too much, and too little by at most a 16th of what all
// other keys weigh. The zero value has seen nothing.
type HeavyKeys struct {
	total  int64
	tracks [heavyTracks]heavyTrack
}

// heavyTracks is how many keys are followed at a time.
const heavyTracks = 16

// heavyTrack is a key that is followed, weight 0 for none.
type heavyTrack struct {
	key    HashKey
	weight int64
}

// Add adds a weight, not below 0, to that of a key.
func (h *HeavyKeys) Add(key HashKey, weight int64) {
	h.total += weight
	least := 0
	for i := range h.tracks {
		if h.tracks[i].weight > 0 && h.tracks[i].key == key {
			h.tracks[i].weight += weight
			return
		}
		if h.tracks[i].weight < h.tracks[least].weight {
			least = i
		}
	}
	// What a key without a track weighs is taken from all, until it has one or
	// is used up.
	taken := min(weight, h.tracks[least].weight)
	if taken > 0 {
		for i := range h.tracks {
			h.tracks[i].weight -= taken
		}
	}
	if weight > taken {
		h.tracks[least] = heavyTrack{key, weight - taken}
	}
}

// Top returns the heaviest key, and its part of the whole weight: at least so
// much is its.
func (h *HeavyKeys) Top() (HashKey, float64) {
	top := h.tracks[0]
	for _, t := range h.tracks[1:] {
		if t.weight > top.weight {
			top = t
		}
	}
	if h.total == 0 {
		return HashKey{}, 0
	}
	return top.key, float64(top.weight) / float64(h.total)
}
