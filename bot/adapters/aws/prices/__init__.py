"""EC2's prices: on demand by the Price List API, spot by DescribeSpotPriceHistory.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html
"""
