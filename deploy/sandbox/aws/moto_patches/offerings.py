"""Availability zones as EC2 has them: those in which moto's recording has instance types.

moto names three zones for most regions; its recorded DescribeInstanceTypeOfferings (instance_type_offerings) know more:
https://github.com/getmoto/moto/tree/master/moto/ec2/resources/instance_type_offerings
"""

from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS


def install() -> None:
    """Call once per process, before the server answers."""
    zones = RegionsAndZonesBackend.zones
    for region, offered in INSTANCE_TYPE_OFFERINGS["availability-zone"].items():
        known = {zone.name for zone in zones.get(region, ())}
        new = sorted({str(each["Location"]) for each in offered} - known)
        zones[region] = [*zones.get(region, ()), *(Zone(name, region, f"{region}-az-{name[-1]}") for name in new)]
