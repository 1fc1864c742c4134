package detect_test

import (
	"fmt"
	"strings"
)

// rough returns a value in braces as people write it who were not asked for a form, and with what often touches it;
// plain, if there is no such way.
func (m maker) rough(name, plain, region string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, plain)
	is := func(value string) string { return "{" + name + " " + value + "}" }
	switch name {
	case "email":
		return pick(m, "Ann<"+is(plain)+">", is(plain)+"'s", is(plain)+";bob", "<mailto:"+is(plain)+">", is(plain)+"/", "e:"+is(plain)+"|t:x", "("+is(plain)+")...", is(strings.ToUpper(plain)), is(plain)+": hi")
	case "phone":
		return m.roughPhone(region)
	case "credit_card":
		if len(digits) != 16 {
			return is(plain)
		}
		return pick(m, is(grouped(digits, " ", 4, 8, 4)), is(grouped(digits, "  ", 4)), is(grouped(digits, " - ", 4)), is(grouped(digits, " ", 4))+" 12/27 123", is(digits)+"|12|27|123",
			"Card:"+is(digits), is(grouped(digits, " ", 4))+"(Visa)", is(grouped(digits, "\u200b", 4)), is(grouped(digits, "_", 4)), is(grouped(digits, " ", 8)), "n°"+is(digits),
			is(grouped(digits, " ", 4))+" 1226 123", is(grouped(digits, "-", 4))+" 1226 123", is(digits)+" 2026 12 123", "2026 "+is(grouped(digits, " ", 4)), "exp 1226 "+is(grouped(digits, " ", 4)),
			is(digits)+"/1226", is(grouped(digits, "-", 4))+"/12/26", is(digits)+".00", is(digits)+"-"+m.digits(4), is(grouped(digits, " ", 4))+" "+is(grouped(m.luhnNumber("55", 16), " ", 4)),
			is(grouped(digits, "-", 4))+" "+is(grouped(digits, "-", 4))+" 123", "id_"+is(digits)+"_x")
	case "iban":
		compact := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(plain)
		return pick(m, "IBAN:"+is(compact), is(compact[:4]+" "+compact[4:]), is(grouped(compact, ".", 4)), is(compact)+"/BIC", is(grouped(compact, "  ", 4)), "("+is(grouped(compact, " ", 4))+")", is(grouped(compact, " ", 4, 8, 10)))
	case "ip_address":
		if m.IntN(3) == 0 {
			return pick(m, "Account updated from ", "password update requested by ", "version control server ", "driver login ", "section: host ", "client/", "ip/") + is(plain)
		}
		if strings.Contains(plain, ":") {
			return pick(m, "["+is(plain)+"]:443", is(plain)+"/64", "ip="+is(plain)+",", is(plain)+".")
		}
		return pick(m, is(plain)+":8080", is(plain)+"/24", "http://"+is(plain)+"/x", "ip="+is(plain)+",", is(plain)+" - - [01/Mar/2024:10:20:30 +0000]", "root@"+is(plain)+":~#", "from "+is(plain)+"->"+is("10.0.0.1"))
	case "mac_address":
		return pick(m, "mac="+is(plain)+";", "<"+is(plain)+">", "MAC: "+is(strings.NewReplacer(":", "", "-", "", ".", "").Replace(plain)), "lladdr "+is(plain)+" REACHABLE")
	case "us_ssn":
		return pick(m, "SSN:"+is(plain), is(strings.ReplaceAll(plain, "-", "–")), "ssn="+is(plain)+"&x", "("+is(plain)+")", "SSN "+is(strings.ReplaceAll(plain, "-", ".")), "ssn: "+is(digits), "social: "+is(strings.ReplaceAll(plain, "-", " - ")))
	case "crypto_address":
		return pick(m, "bitcoin:"+is(plain)+"?amount=0.1", "https://explorer.example/address/"+is(plain), "to:"+is(plain)+",", "("+is(plain)+")")
	case "api_key":
		return pick(m, "export AWS_ACCESS_KEY_ID="+is(plain), "Authorization: Bearer "+is(plain), "{\"key\":\""+is(plain)+"\"}", "'"+is(plain)+"'", is(plain)+",", "token: "+is(plain)+"\\n")
	case "es_nif":
		if plain[0] > '9' {
			return "NIE:" + is(plain)
		}
		letter := plain[len(plain)-1:]
		return pick(m, "NIF:"+is(digits+letter), is(digits+" - "+letter), is(grouped(digits, ".", 2, 3)+" "+letter), is(grouped(digits, " ", 2, 3)+" "+letter), "DNI n.º "+is(digits+letter), "("+is(digits+letter)+")")
	case "br_cpf":
		return pick(m, "CPF:"+is(digits), "CPF "+is(grouped(digits, " ", 3)), is(digits[:9]+"/"+digits[9:]), "cpf="+is(digits)+"&a", "("+is(plain)+")")
	case "uk_nhs":
		return pick(m, "NHS:"+is(digits), "NHS No."+is(digits), "nhs number is "+is(grouped(digits, "  ", 3, 3, 4)), "NHS "+is(grouped(digits, ".", 3, 3, 4)))
	case "in_aadhaar":
		return pick(m, "Aadhaar:"+is(digits), "aadhar no. "+is(grouped(digits, "  ", 4)), "UIDAI "+is(grouped(digits, " ", 4)), "Aadhaar no "+is(grouped(digits, ".", 4)))
	case "date_of_birth":
		day, year := 1+m.IntN(28), 1930+m.IntN(80)
		return is(pick(m, fmt.Sprintf("%d/03/%02d", year, day), fmt.Sprintf("%d MARCH %d", day, year), fmt.Sprintf("March %d %d", day, year), fmt.Sprintf("%02d-03-%02d", day, year%100),
			fmt.Sprintf("%dth of March, %d", 4+day%10, year), fmt.Sprintf("%d03%02d", year, day), fmt.Sprintf("%d Mar '%02d", day, year%100), fmt.Sprintf("%02d / 03 / %d", day, year), fmt.Sprintf("%02dMAR%d", day, year)))
	}
	return is(plain)
}

// roughPhone returns one number, or two, in forms of no standard.
func (m maker) roughPhone(region string) string {
	is := func(value string) string { return "{phone " + value + "}" }
	d := func(n int) string { return m.digits(n) }
	switch region {
	case "US":
		e := pick(m, "2", "5", "7") + d(2)
		return pick(m, is("415/"+e+"-"+d(4)), is("+1.415."+e+"."+d(4)), is("(415)"+e+d(4)), is("1 (415) "+e+"-"+d(4)), is("+1-415-"+e+"-"+d(4)+" ext 12"), is("415-"+e+"-"+d(4))+"/"+is("415-"+e+"-"+d(4)),
			"ph:"+is("415-"+e+d(4)), is("(415) "+e+" "+d(4))+", "+is("(212) "+e+" "+d(4)), "p. "+is("415 - "+e+" - "+d(4)), "(c) "+is("415."+e+"."+d(4)))
	case "DE":
		return pick(m, is("030 / "+d(7)), is("0170 / "+d(3)+" "+d(2)+" "+d(2)), is("+49.170."+d(7)), is("(0170) "+d(7)), is("030-"+d(3)+" "+d(2)+" "+d(2)), is("0170 "+d(2)+" "+d(2)+" "+d(3)), is("+49 30 "+d(6)+"-0"),
			is("030 "+d(7))+" oder "+is("0170 "+d(7)), "Fon "+is("0170/"+d(7)), is("(+49) 170 "+d(7)), is("0 30 / "+d(3)+" "+d(4)))
	case "FR":
		return pick(m, is("+33.6."+grouped("1"+d(7), ".", 2)), is("06 "+"1"+d(7)), is("(+33) 6 "+grouped("1"+d(7), " ", 2)), is("06/"+grouped("1"+d(7), "/", 2)), is("+33 (0) 6 "+grouped("1"+d(7), " ", 2)),
			is("06 "+grouped("1"+d(7), " ", 2))+" / "+is("01 "+grouped("4"+d(7), " ", 2)), is("0"+grouped("61"+d(7), " ", 3)))
	case "GB":
		return pick(m, is("+44 7912-"+d(6)), is("07912-"+d(3)+"-"+d(3)), is("0044 7912 "+d(6)), is("(07912) "+d(6)), is("020-7946-"+d(4)), is("07912 "+d(3)+d(3))+" or "+is("020 7946 "+d(4)), is("+44(0)7912"+d(6)))
	case "ES":
		return pick(m, is("+34-612-"+d(3)+"-"+d(3)), is("(+34) 612"+d(6)), is("612/"+d(3)+"/"+d(3)), is("+34 612 "+d(2)+" "+d(2)+" "+d(2)), "tfno. "+is("612"+d(6)), is("612 "+d(6)))
	case "IT":
		return pick(m, is("333/"+d(7)), "cell. "+is("333."+d(7)), is("+39-333-"+d(7)), is("(+39) 333 "+d(7)), is("333 "+d(2)+" "+d(2)+" "+d(3)), is("02 / "+"6"+d(7)))
	case "BR":
		return pick(m, is("(11)9"+d(4)+"-"+d(4)), is("+55 11 9"+d(8)), is("(0xx11) 9"+d(4)+"-"+d(4)), "zap: "+is("11 9 "+d(4)+"-"+d(4)), is("11 9"+d(4)+" "+d(4)), is("+55 (11) 9 "+d(4)+"-"+d(4)))
	case "IN":
		return pick(m, is("+91 98765-"+d(5)), is("098765 "+d(5)), "Ph: "+is("91-98765"+d(5)), is("+91 (98765) "+d(5)), is("9876 "+d(3)+" "+d(3)), is("98765-"+d(5)), is("+91 98765 "+d(5))+", "+is("+91 98765 "+d(5)))
	case "PT":
		return pick(m, is("+351-912-"+d(3)+"-"+d(3)), is("912-"+d(3)+"-"+d(3)), is("912 "+d(2)+" "+d(2)+" "+d(2)), is("(+351) 912 "+d(3)+" "+d(3)))
	case "AU":
		return pick(m, is("+61 412-"+d(3)+"-"+d(3)), is("0412-"+d(3)+"-"+d(3)), is("(0412) "+d(3)+" "+d(3)), is("+61 (0)412 "+d(3)+" "+d(3)))
	default:
		return pick(m, is("+52 1 55 "+"1"+d(3)+" "+d(4)), is("(55) 1"+d(3)+"-"+d(4)), is("55-1"+d(3)+"-"+d(4)), is("+52-55-1"+d(3)+"-"+d(4)))
	}
}

// roughNegative returns a text without personal data that nothing but its sense tells from one that has some.
func (m maker) roughNegative() string {
	return pick(m, "the box says "+m.digits(16), "please enter "+m.digits(10)+" there", "my customer number is "+m.digits(9), "it has "+m.digits(11)+" on it", "code "+m.luhnNumber("4", 16)[:15]+"x",
		"totals 2024: "+m.digits(4)+" "+m.digits(4)+" "+m.digits(4)+" "+m.digits(4), fmt.Sprintf("born in 1980, ordered 05/%02d/2024", 1+m.IntN(28)), fmt.Sprintf("I was born in Leeds. It arrived on 12/%02d/2024", 1+m.IntN(28)),
		"call me at 10:30 on 12.12.2024", "text 12345 to win, or call 911", "the phone costs 1299.00 and weighs 200 g", "my phone is a SM-G991B, build 20240312", "telephone support took 45 minutes, 3 times",
		"Rückruf bis 12.12.2024 10:00 Uhr", "IP67 rated, 4.2.2 inches", "our server room is 10.20 by 30.40 metres", "card no 4111111111111112 was declined", "visa fee 120, card holder 4 years",
		"account since 2019-01-02, member 12", "IBAN is missing, DE only", "my birthday party is on 12/12/2024 or so"[:24], "they sent 12-345-6789 pieces", "SSN is not needed, ref 900-12-3456", "wallet size 12x34, bitcoin fell 12%",
		"level 3/4, 1-2-3, 10/10, 24/7, 1.2.3", "API key rotated on 2024-03-01", "Aadhaar "+m.digits(4)+" only last four", "NHS 111 line", "DNI pendiente, letra A", "CPF 123 incompleto",
		"lat 48.8584 lon 2.2945", "run "+m.from(hexa, 8)+"-"+m.from(hexa, 4), "100.000 km, 1.000.000 views, 12.345.678 Euro", "Kapitel 1.2.3.4 und Kapitel 10.2.3.4", "https://example.com/2024/03/12/a-"+m.digits(6), "serial "+m.digits(3)+"-"+m.digits(2)+"-"+m.digits(5),
		"from 9 to 5, 52 weeks, 365 days, 8760 hours", "ratio 1:1000000000", "temperature -40.5 to 85.25", "0800-1600 daily", m.digits(10)+"@", "Tel Aviv 6120101", "extension 1234", "the number 1000000000 is big")
}
