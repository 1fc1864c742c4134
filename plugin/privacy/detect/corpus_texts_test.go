package detect_test

import (
	"fmt"
	"strings"
)

// neutral are texts around a value (%) that say nothing about it.
var neutral = map[string][]string{
	"en": {"Hello, please use % from now on, thanks", "%", "It is % as I told your colleague last week.", "Could you check % for me?", "note: %; nothing else", "I think (%) was wrong", "see %."},
	"de": {"Hallo, bitte nehmen Sie künftig %, danke", "Das ist % wie besprochen.", "Können Sie % prüfen?", "Hinweis: %; sonst nichts", "Ich glaube (%) war falsch", "siehe %."},
	"fr": {"Bonjour, utilisez % désormais, merci", "C'est % comme convenu.", "Pouvez-vous vérifier % ?", "remarque : %; rien d'autre", "voir %."},
	"es": {"Hola, use % a partir de ahora, gracias", "Es % como le dije.", "¿Puede comprobar %?", "nota: %; nada más", "véase %."},
	"pt": {"Olá, use % a partir de agora, obrigado", "É % como combinado.", "Pode verificar %?", "nota: %; nada mais"},
	"it": {"Salve, usate % d'ora in poi, grazie", "È % come detto.", "Può verificare %?", "nota: %; nient'altro"},
	"hi": {"नमस्ते, अब से % का उपयोग करें, धन्यवाद", "यह % है।", "कृपया % देखें"},
}

// about are texts around a value that say what it is.
var about = map[string]map[string][]string{
	"phone": {
		"en": {"Call me at %", "My phone number is %, evenings only", "mobile: %", "You can reach me on % after six", "Tel %", "text % please"},
		"de": {"Rufen Sie mich unter % an", "Meine Telefonnummer ist %", "Tel.: %", "Handy %, abends", "Ich bin unter % erreichbar", "Rückruf bitte an %"},
		"fr": {"Appelez-moi au %", "Mon numéro de téléphone est le %", "tél. %", "Je suis joignable au %", "portable : %"},
		"es": {"Llámeme al %", "Mi teléfono es el %", "móvil: %", "Mi número es %"},
		"pt": {"Ligue para %", "O meu telefone é %", "telemóvel: %", "celular %"},
		"it": {"Chiamatemi al %, il mio cellulare", "Il mio telefono è %", "tel. %", "cellulare: %"},
		"hi": {"मेरा फोन नंबर % है", "मोबाइल: %", "% पर कॉल करें"},
	},
	"credit_card": {
		"en": {"My card is %", "I paid with % yesterday", "Visa % exp 12/27", "charge % please", "credit card number: %"},
		"de": {"Meine Kreditkarte ist %", "Kartennummer: %", "Ich habe mit % bezahlt"},
		"fr": {"Ma carte bancaire est la %", "carte : %", "paiement avec %"},
		"es": {"Mi tarjeta es %", "tarjeta de crédito: %", "He pagado con %"},
		"pt": {"O meu cartão é %", "cartão: %"}, "it": {"La mia carta è %", "carta di credito: %"}, "hi": {"मेरा कार्ड % है"},
	},
	"us_ssn":         {"en": {"My SSN is %", "social security number: %", "SSN: %", "His social is %"}},
	"uk_nhs":         {"en": {"NHS number %", "The patient's number is %", "NHS no: %"}},
	"br_cpf":         {"pt": {"Meu CPF é %", "CPF: %", "O CPF do titular é %"}},
	"in_aadhaar":     {"en": {"My Aadhaar number is %", "Aadhaar: %", "UID %"}, "hi": {"मेरा आधार नंबर % है", "आधार: %"}},
	"crypto_address": {"en": {"Send the bitcoin to %", "wallet: %"}},
	"date_of_birth": {
		"en": {"I was born on %", "DOB: %", "Date of birth: %", "My birthday is %", "born % in Leeds", "% is my date of birth", "Customer (b. in Leeds, born %)"},
		"de": {"Ich bin am % geboren", "Geburtsdatum: %", "geboren am % in Ulm", "geb. %", "Mein Geburtstag ist der %"},
		"fr": {"Je suis né le %", "Date de naissance : %", "née le % à Lyon"},
		"es": {"Nací el %", "Fecha de nacimiento: %", "nacida el % en Lugo"},
		"pt": {"Nasci em %", "Data de nascimento: %", "nascido em % no Porto"},
		"it": {"Sono nato il %", "Data di nascita: %", "nata il % a Roma"},
		"hi": {"मेरा जन्म % को हुआ", "जन्मतिथि: %"},
	},
}

// frames are what a text can stand in.
var frames = []string{"%", "%", "%", "%\n", "> %", "- %", "\"%\"", "{\"note\":\"%\"}", "2024-03-01T10:20:30Z INFO user said: %", "Hi,\n\n%\n\nBest regards\nAnn", "<p>%</p>", "|%|", "*%*", "%\r\nSent from my device"}

var languages = []string{"en", "de", "fr", "es", "pt", "it", "hi"}

// labelled returns a text with what is to be found in it in braces, and the region that it is from.
func (m maker) labelled(name string) (text, region string) {
	language := pick(m, languages...)
	if special, ok := map[string][]string{"us_ssn": {"en"}, "uk_nhs": {"en"}, "br_cpf": {"pt"}, "in_aadhaar": {"en", "hi"}, "es_nif": {"es"}}[name]; ok {
		language = pick(m, special...)
	}
	region = map[string]string{
		"en": pick(m, "US", "US", "GB", "AU", "IN"), "de": "DE", "fr": "FR", "es": pick(m, "ES", "MX"), "pt": pick(m, "PT", "BR"), "it": "IT", "hi": "IN",
	}[language]
	if name == "uk_nhs" {
		region = "GB"
	}
	value, clear := "", true
	switch name {
	case "email":
		value = m.email()
	case "phone":
		value, clear = m.phone(region)
	case "credit_card":
		value = m.card()
	case "iban":
		value = m.iban()
	case "ip_address":
		value = m.ip()
	case "mac_address":
		value = m.mac()
	case "url":
		value = m.url()
	case "us_ssn":
		if value = m.ssn(); m.IntN(4) == 0 {
			value, clear = strings.ReplaceAll(value, "-", pick(m, "", " ")), false
		}
	case "date_of_birth":
		value, clear = m.birthDate(language), false
	case "crypto_address":
		value = m.chainAddress()
	case "api_key":
		value = m.key()
	case "uk_nhs":
		value = m.nhs()
		clear = strings.Contains(value, " ")
	case "es_nif":
		value = m.nif()
	case "br_cpf":
		value = m.cpf()
		clear = strings.ContainsAny(value, ".-")
	case "in_aadhaar":
		value = m.aadhaar()
		clear = strings.ContainsAny(value, " -")
	}
	switch {
	case name == "url":
	case m.IntN(4) == 0:
		if value = m.rough(name, value, region); name == "date_of_birth" {
			language = "en"
		}
	default:
		value = "{" + name + " " + value + "}"
	}
	template := pick(m, neutral[language]...)
	if own := about[name][language]; len(own) > 0 && (!clear || m.IntN(2) == 0) {
		template = pick(m, own...)
	}
	return strings.ReplaceAll(pick(m, frames...), "%", strings.ReplaceAll(template, "%", value)), region
}

// negative returns a text without personal data that looks as if it had some.
func (m maker) negative() (text, region string) {
	region = pick(m, "US", "US", "GB", "DE", "DE", "FR", "ES", "IT", "PT", "BR", "IN", "MX", "")
	uuid := grouped(m.from(hexa, 32), "-", 8, 4, 4, 4, 12)
	order := pick(m, "Order no. %", "order number: %", "Your order % has shipped", "Bestellnummer %", "Ihre Bestellung %", "Commande n° %", "Pedido %", "Encomenda %", "Ordine n. %",
		"invoice %", "Rechnung %", "tracking number %", "Sendungsnummer: %", "ticket #%", "ref %", "article %", "ऑर्डर %", "order_id=%")
	number := pick(m, m.digits(6), m.digits(8), m.digits(9), m.digits(10), m.digits(11), m.digits(12), m.digits(13), m.digits(16), m.digits(16), m.digits(16), "4"+m.digits(15), "5"+m.digits(15))
	switch m.IntN(38) {
	case 34, 35, 36, 37:
		return m.roughNegative(), region
	case 0, 1, 2, 3, 4:
		return strings.ReplaceAll(order, "%", number), region
	case 5:
		return "please send me " + pick(m, "AB-"+m.digits(4)+"-XY", "SKU"+m.digits(8), m.digits(3)+"-"+m.from(capital, 3)+"-"+m.digits(4), "LOT "+m.digits(5)+"/"+m.digits(2), "X"+m.digits(12)+"Y", "PN "+m.digits(2)+"-"+m.digits(5)+"-"+m.digits(3)), region
	case 6:
		return "request " + uuid + pick(m, " done", " failed", ""), region
	case 7:
		return pick(m, "md5 ", "commit ", "sha256:", "etag ") + m.from(hexa, pick(m, 32, 40, 64, 7, 12)), region
	case 8:
		return fmt.Sprintf("at %d-%02d-%02d %02d:%02d:%02d.%03d it stopped", 1990+m.IntN(40), 1+m.IntN(12), 1+m.IntN(28), m.IntN(24), m.IntN(60), m.IntN(60), m.IntN(1000)), region
	case 9:
		return fmt.Sprintf(`{"ts":%d,"ms":%d,"ok":true}`, 1500000000+m.IntN(300000000), 1500000000000+m.Int64N(300000000000)), region
	case 10:
		return fmt.Sprintf("%s %d.%d.%d.%d", pick(m, "version", "Version", "release", "firmware", "v", "build", "see section", "Kapitel", "update"), m.IntN(20), m.IntN(20), m.IntN(255), m.IntN(255)), region
	case 11:
		return fmt.Sprintf("updated from %d.%d.%d to %d.%d.%d-rc%d", m.IntN(20), m.IntN(20), m.IntN(100), m.IntN(20), m.IntN(20), m.IntN(100000), m.IntN(9)), region
	case 12:
		return "parcel " + pick(m, "1Z"+m.from(capital+decimal, 6)+m.digits(10), "00340"+m.digits(15), m.digits(12), "RR"+m.digits(9)+"DE", "JJD"+m.digits(18), grouped(m.digits(22), " ", 4)), region
	case 13:
		return "it was " + pick(m, fmt.Sprintf("%d.%03d.%03d,%02d €", m.IntN(9), m.IntN(1000), m.IntN(1000), m.IntN(100)), fmt.Sprintf("$%d,%03d,%03d.%02d", m.IntN(9), m.IntN(1000), m.IntN(1000), m.IntN(100)),
			fmt.Sprintf("€%d", 1000000000+m.IntN(1000000000)), fmt.Sprintf("%d %03d %03d €", 1+m.IntN(999), m.IntN(1000), m.IntN(1000)), fmt.Sprintf("%d.%02d EUR", m.IntN(1000), m.IntN(100)), "₹ "+m.digits(2)+","+m.digits(2)+","+m.digits(3)), region
	case 14:
		return fmt.Sprintf("we are at %d.%06d, %d.%06d now", m.IntN(90), m.IntN(1000000), m.IntN(180), m.IntN(1000000)), region
	case 15:
		return "ISBN " + pick(m, "978-"+m.digits(1)+"-"+m.digits(4)+"-"+m.digits(4)+"-"+m.digits(1), "978"+m.digits(10)), region
	case 16:
		return pick(m, "EAN ", "GTIN ", "barcode ") + pick(m, "40", "50", "30", "76", "00") + m.digits(11), region
	case 17:
		return pick(m, "Serial number ", "IMEI ", "S/N ", "Seriennummer ") + pick(m, "35", "86", "01") + m.digits(13), region
	case 18:
		return pick(m, "thanks @ann_lee", "logo@2x.png", "@Override", "npm i react@18.2.0", "git@github.com:acme/shop.git", "10 kg @ 3.50 each", "user@1000.service", "meet @ 5pm", "C@lle"), region
	case 19:
		return pick(m, "std::vector<int>", "Foo::Bar::baz()", "10:20:30", "ratio 16:9:4", "a::b", "at 12:30:45:678", "1:2:3", "css a::before", "fe: 10", "key: value: more"), region
	case 20:
		return fmt.Sprintf("ordered %02d/%02d/%d, shipped %02d.%02d.%d", 1+m.IntN(12), 1+m.IntN(28), 2000+m.IntN(25), 1+m.IntN(28), 1+m.IntN(12), 2000+m.IntN(25)), region
	case 21:
		return fmt.Sprintf("The meeting is on %s %d, %d.", pick(m, "March", "July", "May"), 1+m.IntN(28), 2000+m.IntN(30)), region
	case 22:
		return "https://" + pick(m, "example.com", "shop.example.co.uk") + pick(m, "/p/"+m.digits(10), "/orders/"+m.digits(16), "/a-b-c-"+m.digits(8)+".html", "/#section-2", "/?flag", ""), region
	case 23:
		return fmt.Sprintf("size %dx%dx%d mm, %d-%d people, pages %d-%d", m.IntN(500), m.IntN(500), m.IntN(500), m.IntN(9), m.IntN(99), m.IntN(400), m.IntN(999)), region
	case 24:
		return "tweet " + pick(m, "1", "9") + m.digits(18) + pick(m, "", " deleted"), region
	case 25:
		return "VIN WVWZZZ" + m.from(capital+decimal, 5) + m.digits(6) + ", plate " + m.from(capital, 2) + " " + m.digits(4), region
	case 26:
		return "part " + m.digits(3) + "-" + m.digits(2) + "-" + m.digits(3) + " and " + m.digits(4) + "-" + m.digits(3) + "-" + m.digits(2), region
	case 27:
		return "customer " + m.from(capital, 2) + m.digits(9) + ", batch " + m.from(capital+decimal, 12), region
	case 28:
		return "pi is 3.14159265358979, e is 2.718281828, load " + fmt.Sprintf("%d.%09d", m.IntN(9), m.IntN(1000000000)), region
	case 29:
		return pick(m, "BLZ "+grouped(m.digits(8), " ", 3, 3, 2), "PLZ "+m.digits(5)+" Ulm", "ZIP "+m.digits(5)+"-"+m.digits(4), "Kundennummer "+m.digits(10), "account id: "+m.digits(12), "lotto "+grouped(m.digits(12), " ", 2)), region
	case 30:
		return "order-" + m.luhnNumber("4", 16) + "x and " + m.from(capital, 1) + m.luhnNumber("5500", 16), region
	case 31:
		return "rows " + grouped(m.digits(24), pick(m, " ", ","), pick(m, 1, 3, 6)), region
	case 32:
		return "0x" + m.from(hexa, pick(m, 8, 16, 64)) + " at " + m.from(hexa, 8) + ":" + m.from(hexa, 8), region
	default:
		return pick(m, "sk-learn and key-value stores", "AKIA is a prefix", "eyJ is how they begin", "ghp_ tokens", "the password is secret", "my_variable_name_that_is_quite_long_1 = 2", "well-known-kebab-case-identifier-42"), region
	}
}
