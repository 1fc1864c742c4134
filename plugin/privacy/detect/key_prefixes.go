package detect

// keyForm is how the keys of a service are written: a start that nothing else has, and how many
// characters of which kind follow.
type keyForm struct {
	prefix   string
	least    int // characters after the prefix
	most     int
	fits     func(byte) bool
	whatever bool // they may be capitals alone
}

func capitals(c byte) bool  { return isUpper(c) || isDigit(c) }
func base64URL(c byte) bool { return isTokenByte(c) }

// keyForms has the forms that services publish so that keys can be found (the documentation of each, and
// GitHub's list of the secrets that it scans for).
var keyForms = []keyForm{
	{"AKIA", 16, 16, capitals, true},
	{"ASIA", 16, 16, capitals, true}, // AWS
	{"ghp_", 36, 36, isAlnum, false},
	{"gho_", 36, 36, isAlnum, false},
	{"ghu_", 36, 36, isAlnum, false}, // GitHub
	{"ghs_", 36, 36, isAlnum, false},
	{"ghr_", 36, 76, isAlnum, false},
	{"github_pat_", 40, 90, base64URL, false},
	{"glpat-", 20, 60, base64URL, false},
	{"gldt-", 20, 40, base64URL, false},
	{"glrt-", 20, 40, base64URL, false}, // GitLab
	{"xoxb-", 20, 120, base64URL, false},
	{"xoxp-", 20, 120, base64URL, false},
	{"xoxa-", 20, 120, base64URL, false}, // Slack
	{"xoxr-", 20, 120, base64URL, false},
	{"xoxs-", 20, 120, base64URL, false},
	{"xapp-", 20, 160, base64URL, false},
	{"sk_live_", 10, 250, isAlnum, false},
	{"sk_test_", 10, 250, isAlnum, false}, // Stripe
	{"rk_live_", 10, 250, isAlnum, false},
	{"rk_test_", 10, 250, isAlnum, false},
	{"whsec_", 20, 80, isAlnum, false},
	{"pk_live_", 10, 250, isAlnum, false},
	{"pk_test_", 10, 250, isAlnum, false},
	{"AIza", 35, 35, base64URL, true},
	{"GOCSPX-", 28, 28, base64URL, false}, // Google
	{"sk-ant-", 30, 200, base64URL, false},
	{"sk-proj-", 20, 250, base64URL, false},
	{"sk-", 32, 100, base64URL, false}, // Anthropic, OpenAI
	{"SK", 32, 32, isHex, false},       // Twilio
	{"key-", 32, 32, isHex, false},     // Mailgun
	{"npm_", 36, 36, isAlnum, false},
	{"pypi-AgEIcHlwaS5vcmc", 40, 250, base64URL, false},
	{"shpat_", 32, 32, isHex, false},
	{"shpss_", 32, 32, isHex, false},
	{"shpca_", 32, 32, isHex, false},
	{"shppa_", 32, 32, isHex, false}, // Shopify
	{"sq0atp-", 22, 22, base64URL, false},
	{"sq0csp-", 43, 43, base64URL, false}, // Square
	{"dop_v1_", 64, 64, isHex, false},
	{"doo_v1_", 64, 64, isHex, false},
	{"dor_v1_", 64, 64, isHex, false},  // DigitalOcean
	{"hf_", 34, 40, isAlnum, false},    // Hugging Face
	{"dapi", 32, 34, base64URL, false}, // Databricks
	{"lin_api_", 40, 40, isAlnum, false},
	{"ntn_", 40, 60, isAlnum, false},
	{"PMAK-", 40, 64, base64URL, false},
	{"NRAK-", 27, 27, isAlnum, false},
	{"ATATT3", 100, 250, base64URL, false},
	{"rubygems_", 48, 48, isHex, false},
	{"tfp_", 30, 80, base64URL, false},
	{"sbp_", 40, 40, isHex, false},
	{"pat-na1-", 36, 36, base64URL, false},
	{"pat-eu1-", 36, 36, base64URL, false},
}

// keysByFirst has the forms by the first byte of their prefixes.
var keysByFirst = func() (byFirst [256][]keyForm) {
	for _, f := range keyForms {
		byFirst[f.prefix[0]] = append(byFirst[f.prefix[0]], f)
	}
	return byFirst
}()

// dottedKeys have a full stop after their start: the run of characters follows it.
var dottedKeys = []keyForm{
	{"ya29.", 20, 400, base64URL, false}, // Google
	{"hvs.", 24, 200, base64URL, false},  // Vault
}
