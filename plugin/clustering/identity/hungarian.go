package identity

import "math"

// assign pairs rows with columns so that the sum of their gains is the largest
// possible: the column of each row, -1 for rows that are left over. Of equally good
// pairings it always finds the same one. Rows and columns may differ in number.
//
// It is the Hungarian method with potentials (Kuhn 1955, Munkres 1957), one shortest
// augmenting path a row: O(n²·m).
func assign(gain [][]float64) []int {
	rows := len(gain)
	if rows == 0 {
		return nil
	}
	columns := max(rows, len(gain[0])) // at least one for each row
	cost := func(i, j int) float64 {
		if j >= len(gain[i]) {
			return 0
		}
		return -gain[i][j]
	}
	// Row and column 0 stand for none: everything else counts from 1.
	rowPotential, columnPotential := make([]float64, rows+1), make([]float64, columns+1)
	rowOf, before := make([]int, columns+1), make([]int, columns+1)
	least, done := make([]float64, columns+1), make([]bool, columns+1)
	for row := 1; row <= rows; row++ {
		rowOf[0] = row
		for j := range least {
			least[j], done[j] = math.Inf(1), false
		}
		column := 0
		for rowOf[column] != 0 {
			done[column] = true
			here, next, delta := rowOf[column], 0, math.Inf(1)
			for j := 1; j <= columns; j++ {
				if done[j] {
					continue
				}
				if c := cost(here-1, j-1) - rowPotential[here] - columnPotential[j]; c < least[j] {
					least[j], before[j] = c, column
				}
				if least[j] < delta {
					next, delta = j, least[j]
				}
			}
			for j := range done {
				if done[j] {
					rowPotential[rowOf[j]] += delta
					columnPotential[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			column = next
		}
		for column != 0 {
			rowOf[column] = rowOf[before[column]]
			column = before[column]
		}
	}
	pairs := make([]int, rows)
	for i := range pairs {
		pairs[i] = -1
	}
	for j := 1; j <= columns; j++ {
		if row := rowOf[j]; row != 0 && j <= len(gain[0]) {
			pairs[row-1] = j - 1
		}
	}
	return pairs
}
