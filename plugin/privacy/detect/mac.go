package detect

// mac adds the MAC address that begins at start: six or eight pairs of hexadecimal digits with
// the same mark between (IEEE 802). It says whether there is one.
func (p *pass) mac(start int, mark byte) bool {
	text, pairs := p.text, 0
	if !p.enabled[macAddress] || start < 0 || start+17 > len(text) || text[start+5] != mark {
		return false
	}
	i := start
	for pairs <= 8 && i+1 < len(text) && isHex(text[i]) && isHex(text[i+1]) {
		pairs++
		if i += 2; i >= len(text) || text[i] != mark {
			break
		}
		i++
	}
	p.work += i - start
	end := start + 3*pairs - 1
	if pairs != 6 && pairs != 8 || !free(text, start, end) || joinedBy(text, start, end, mark) {
		return false
	}
	p.add(macAddress, start, end, 0.95, false)
	p.done(end)
	return true
}

// macOfThree adds the MAC address that begins at start: three groups of four with dots between.
func (p *pass) macOfThree(start int) {
	const size = len("0123.4567.89ab")
	text := p.text
	if !p.enabled[macAddress] || start < 0 || start+size > len(text) || text[start+4] != '.' || text[start+9] != '.' {
		return
	}
	letters := false
	for i := start; i < start+size; i++ {
		if i != start+4 && i != start+9 && !isHex(text[i]) {
			return
		}
		letters = letters || isAlpha(text[i])
	}
	if !free(text, start, start+size) || joinedBy(text, start, start+size, '.') {
		return
	}
	base := 0.9
	if !letters {
		base = 0.4 // twelve digits in fours may be anything
	}
	p.addNear(macAddress, start, start+size, base, 0.3)
}

// bareMAC adds the MAC address that is the run of twelve letters and digits at start, if a word nearby says so.
func (p *pass) bareMAC(start int) {
	end := start + 12
	for i := start; i < end; i++ {
		if !isHex(p.text[i]) {
			return
		}
	}
	if free(p.text, start, end) && !joined(p.text, start) && !joins(p.text, end) {
		p.addNear(macAddress, start, end, 0.3, 0.4)
	}
}

// joinedBy says that text[start:end] goes on on either side, over a mark.
func joinedBy(text string, start, end int, mark byte) bool {
	return start > 1 && text[start-1] == mark && isAlnum(text[start-2]) ||
		end+1 < len(text) && text[end] == mark && isAlnum(text[end+1])
}
