"""The same API through two gateways, kinds, versions or periods: which one should it run on?"""
