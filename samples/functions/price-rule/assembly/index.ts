// A price rule: {"item":"milk","quantity":12,"cents":119,"member":true} costs quantity times cents, less the rebates of the settings,
// rounded to whole cents in the customer's favour.
import { exit, log, readAll, setting, write } from "../../edgemesh";

function field(json: string, key: string): string {
  const quoted = '"' + key + '"';
  const at = json.indexOf(quoted);
  if (at < 0) return "";
  const colon = json.indexOf(":", at + quoted.length);
  let end = colon + 1;
  while (end < json.length && json.charAt(end) != "," && json.charAt(end) != "}") end++;
  return colon < 0 ? "" : json.substring(colon + 1, end).trim();
}

function number(name: string, otherwise: i64): i64 {
  const value = setting(name);
  return value == null ? otherwise : I64.parseInt(value);
}

const basket = readAll();
const quantity = I64.parseInt(field(basket, "quantity")), cents = I64.parseInt(field(basket, "cents"));
if (quantity <= 0 || quantity > 1000000 || cents < 0 || cents > 100000000 || field(basket, "quantity").length == 0 || field(basket, "cents").length == 0) {
  log("quantity from 1 to 1000000 and cents from 0 to 100000000 are needed\n");
  exit(1);
}

let percent: i64 = 0;
if (field(basket, "member") == "true") percent += number("memberPercent", 0);
if (quantity >= number("bulkFrom", i64.MAX_VALUE)) percent += number("bulkPercent", 0);
const total = quantity * cents * (100 - percent) / 100;
write('{"total":' + total.toString() + ',"rebatePercent":' + percent.toString() + "}\n");
