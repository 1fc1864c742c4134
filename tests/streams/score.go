package streams

import "math"

// table counts how often labels of two labellings meet. Labels are numbered as they come.
type table struct {
	n     int
	rows  []int
	cols  []int
	cells []cell
}

// cell is how many points have the labels of a row and of a column.
type cell struct {
	row, col, n int
}

// count makes the table of two labellings of the same points.
func count(truth, found []int) table {
	if len(truth) != len(found) {
		panic("streams: labellings of different length")
	}
	t := table{n: len(truth)}
	rows, cols, cells := map[int]int{}, map[int]int{}, map[[2]int]int{}
	for i := range truth {
		r, ok := rows[truth[i]]
		if !ok {
			r = len(t.rows)
			rows[truth[i]] = r
			t.rows = append(t.rows, 0)
		}
		c, ok := cols[found[i]]
		if !ok {
			c = len(t.cols)
			cols[found[i]] = c
			t.cols = append(t.cols, 0)
		}
		k, ok := cells[[2]int{r, c}]
		if !ok {
			k = len(t.cells)
			cells[[2]int{r, c}] = k
			t.cells = append(t.cells, cell{row: r, col: c})
		}
		t.rows[r]++
		t.cols[c]++
		t.cells[k].n++
	}
	return t
}

// ARI is the adjusted Rand index of Hubert and Arabie: 1 for the same partition, about 0 for
// independent ones. Noise is a label as any other.
func ARI(truth, found []int) float64 {
	t := count(truth, found)
	var both, a, b float64
	for _, c := range t.cells {
		both += pairs(c.n)
	}
	for _, n := range t.rows {
		a += pairs(n)
	}
	for _, n := range t.cols {
		b += pairs(n)
	}
	all := pairs(t.n)
	if a == b && (a == 0 || a == all) {
		return 1 // all apart or all together in both
	}
	expected := a * b / all
	return (both - expected) / ((a+b)/2 - expected)
}

// pairs is how many pairs n points make.
func pairs(n int) float64 {
	return float64(n) * float64(n-1) / 2
}

// NMI is the mutual information of the labellings over the mean of their entropies.
func NMI(truth, found []int) float64 {
	t := count(truth, found)
	h := entropy(t.rows, t.n) + entropy(t.cols, t.n)
	if h == 0 {
		return 1 // one label in both
	}
	mutual := 0.0
	for _, c := range t.cells {
		n := float64(c.n)
		mutual += n / float64(t.n) * math.Log(n*float64(t.n)/(float64(t.rows[c.row])*float64(t.cols[c.col])))
	}
	return max(0, 2*mutual/h)
}

// entropy is the entropy of shares of n, in nats.
func entropy(counts []int, n int) float64 {
	h := 0.0
	for _, c := range counts {
		p := float64(c) / float64(n)
		h -= p * math.Log(p)
	}
	return h
}

// Purity is the share of the points that have the label of the majority of their found cluster.
func Purity(truth, found []int) float64 {
	t := count(truth, found)
	if t.n == 0 {
		return 1
	}
	most := make([]int, len(t.cols))
	for _, c := range t.cells {
		most[c.col] = max(most[c.col], c.n)
	}
	sum := 0
	for _, n := range most {
		sum += n
	}
	return float64(sum) / float64(t.n)
}
