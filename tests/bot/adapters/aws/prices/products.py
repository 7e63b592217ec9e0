"""Products as the Price List API writes them.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

import json
from typing import Any

TOKYO = "ap-northeast-1"
G4DN = {
    "vcpu": "4",
    "instanceType": "g4dn.xlarge",
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "operation": "RunInstances",
    "marketoption": "OnDemand",
    "locationType": "AWS Region",
    "regionCode": TOKYO,
}
GP3 = {"volumeApiName": "gp3", "locationType": "AWS Region", "regionCode": TOKYO}


def product(usd: str, attributes: dict[str, str], *, family: str = "Compute Instance", unit: str = "Hrs") -> str:
    rate: dict[str, Any] = {"unit": unit, "pricePerUnit": {"USD": usd}, "beginRange": "0", "endRange": "Inf"}
    reserved = {"unit": "Quantity", "pricePerUnit": {"USD": "0.0000000000"}}
    terms = {
        "OnDemand": {"SKU.JRTCKXETXF": {"priceDimensions": {"SKU.JRTCKXETXF.6YS6EN2CT7": rate}}},
        "Reserved": {"SKU.38NPMPTW36": {"priceDimensions": {"SKU.38NPMPTW36.2TG2D8R56U": reserved}}},
    }
    return json.dumps({"product": {"productFamily": family, "attributes": attributes, "sku": "SKU"}, "terms": terms})
