// Written by `python -m bc_extension.generate` from the schema: change that, not this file.
page 50118 "SI Sales Order"
{
    PageType = API;
    APIPublisher = 'integration';
    APIGroup = 'sales';
    APIVersion = 'v1.0';
    EntityName = 'salesOrder';
    EntitySetName = 'salesOrders';
    SourceTable = "Sales Header";
    SourceTableView = where("Document Type" = const(Order));
    ODataKeyFields = SystemId;
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'SystemId', Locked = true;

                    trigger OnValidate()
                    begin
                        if not IsNullGuid(xRec.SystemId) and (Rec.SystemId <> xRec.SystemId) then
                            Error(IdStaysErr);
                    end;
                }
                field(number; Rec."No.")
                {
                    Caption = 'No.', Locked = true;
                    Editable = false;
                }
                field(documentType; Rec."Document Type")
                {
                    Caption = 'Document Type', Locked = true;

                    trigger OnValidate()
                    begin
                        Rec.TestField("Document Type", Rec."Document Type"::Order);
                    end;
                }
                field(status; Rec.Status)
                {
                    Caption = 'Status', Locked = true;
                    Editable = false;
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'Your Reference', Locked = true;
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'External Document No.', Locked = true;
                }
                field(customerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'Sell-to Customer No.', Locked = true;
                }
                field(customerName; Rec."Sell-to Customer Name")
                {
                    Caption = 'Sell-to Customer Name', Locked = true;
                    Editable = false;
                }
                field(salesperson; Rec."Salesperson Code")
                {
                    Caption = 'Salesperson Code', Locked = true;
                    Editable = false;
                }
                field(currencyCode; Rec."Currency Code")
                {
                    Caption = 'Currency Code', Locked = true;
                }
                field(currencyFactor; Rec."Currency Factor")
                {
                    Caption = 'Currency Factor', Locked = true;
                    Editable = false;
                }
                field(shipToName; Rec."Ship-to Name")
                {
                    Caption = 'Ship-to Name', Locked = true;
                }
                field(shipToAddressLine1; Rec."Ship-to Address")
                {
                    Caption = 'Ship-to Address', Locked = true;
                }
                field(shipToAddressLine2; Rec."Ship-to Address 2")
                {
                    Caption = 'Ship-to Address 2', Locked = true;
                }
                field(shipToCity; Rec."Ship-to City")
                {
                    Caption = 'Ship-to City', Locked = true;
                }
                field(shipToCountry; Rec."Ship-to Country/Region Code")
                {
                    Caption = 'Ship-to Country/Region Code', Locked = true;
                }
                field(shipToPostCode; Rec."Ship-to Post Code")
                {
                    Caption = 'Ship-to Post Code', Locked = true;
                }
                field(shipToState; Rec."Ship-to County")
                {
                    Caption = 'Ship-to County', Locked = true;
                }
                field(billToName; Rec."Bill-to Name")
                {
                    Caption = 'Bill-to Name', Locked = true;
                    Editable = false;
                }
                field(billToAddressLine1; Rec."Bill-to Address")
                {
                    Caption = 'Bill-to Address', Locked = true;
                }
                field(billToAddressLine2; Rec."Bill-to Address 2")
                {
                    Caption = 'Bill-to Address 2', Locked = true;
                }
                field(billToCity; Rec."Bill-to City")
                {
                    Caption = 'Bill-to City', Locked = true;
                }
                field(billToCountry; Rec."Bill-to Country/Region Code")
                {
                    Caption = 'Bill-to Country/Region Code', Locked = true;
                }
                field(billToPostCode; Rec."Bill-to Post Code")
                {
                    Caption = 'Bill-to Post Code', Locked = true;
                }
                field(billToState; Rec."Bill-to County")
                {
                    Caption = 'Bill-to County', Locked = true;
                }
                field(totalAmountExcludingTax; Rec.Amount)
                {
                    Caption = 'Amount', Locked = true;
                    Editable = false;
                }
                field(totalAmountIncludingTax; Rec."Amount Including VAT")
                {
                    Caption = 'Amount Including VAT', Locked = true;
                    Editable = false;
                }
                field(discountAmount; DiscountAmount)
                {
                    Caption = 'Invoice Discount Amount', Locked = true;

                    trigger OnValidate()
                    begin
                        DiscountAmountGiven := true;
                    end;
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'Shipping Agent Code', Locked = true;
                }
                field(paymentTermsCode; Rec."Payment Terms Code")
                {
                    Caption = 'Payment Terms Code', Locked = true;
                }
                field(shipmentMethodCode; Rec."Shipment Method Code")
                {
                    Caption = 'Shipment Method Code', Locked = true;
                }
                field(requestedDeliveryDate; Rec."Requested Delivery Date")
                {
                    Caption = 'Requested Delivery Date', Locked = true;
                }
                field(workDescription; WorkDescription)
                {
                    Caption = 'Work Description', Locked = true;

                    trigger OnValidate()
                    begin
                        WorkDescriptionGiven := true;
                    end;
                }
                field(lastShipmentDate; Rec."Last Shipment Date")
                {
                    Caption = 'Last Shipment Date', Locked = true;
                    Editable = false;
                }
                field(paymentDiscountPercent; Rec."Payment Discount %")
                {
                    Caption = 'Payment Discount %', Locked = true;
                }
                field(quoteNumber; Rec."Quote No.")
                {
                    Caption = 'Quote No.', Locked = true;
                }
                field(orderDate; Rec."Document Date")
                {
                    Caption = 'Document Date', Locked = true;
                    Editable = false;
                }
                field(fullyShipped; Rec."Completely Shipped")
                {
                    Caption = 'Completely Shipped', Locked = true;
                    Editable = false;
                }
                field(fullyInvoiced; IsFullyInvoiced())
                {
                    Caption = 'fullyInvoiced', Locked = true;
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'SystemModifiedAt', Locked = true;
                    Editable = false;
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    begin
        ShowWhatIsNoField();
    end;

    trigger OnNewRecord(BelowxRec: Boolean)
    begin
        Rec."Document Type" := Rec."Document Type"::Order;
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        // An id that came along is kept: the caller finds its record by it, whatever happens.
        Rec.Insert(true, not IsNullGuid(Rec.SystemId));
        ApplyWhatNeedsTheRecord();
        ShowWhatIsNoField();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        Rec.Modify(true);
        ApplyWhatNeedsTheRecord();
        ShowWhatIsNoField();
        exit(false);
    end;

    local procedure ApplyWhatNeedsTheRecord()
    begin
        if DiscountAmountGiven then begin
            SalesCalcDiscountByType.ApplyInvDiscBasedOnAmt(DiscountAmount, Rec);
            DiscountAmountGiven := false;
        end;
        if WorkDescriptionGiven then begin
            Rec.SetWorkDescription(WorkDescription);
            WorkDescriptionGiven := false;
        end;
    end;

    local procedure ShowWhatIsNoField()
    begin
        Rec.CalcFields("Invoice Discount Amount");
        DiscountAmount := Rec."Invoice Discount Amount";
        WorkDescription := Rec.GetWorkDescription();
    end;

    [ServiceEnabled]
    procedure Release(var ActionContext: WebServiceActionContext)
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        ReleaseSalesDocument.PerformManualRelease(Rec);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"SI Sales Order");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Updated);
    end;

    [ServiceEnabled]
    procedure Reopen(var ActionContext: WebServiceActionContext)
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        ReleaseSalesDocument.PerformManualReopen(Rec);
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"SI Sales Order");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Updated);
    end;

    local procedure IsFullyInvoiced(): Boolean
    var
        SalesLine: Record "Sales Line";
    begin
        SalesLine.SetRange("Document Type", Rec."Document Type");
        SalesLine.SetRange("Document No.", Rec."No.");
        SalesLine.SetFilter("Quantity Invoiced", '<>0');
        if SalesLine.IsEmpty() then
            exit(false);
        SalesLine.SetRange("Quantity Invoiced");
        SalesLine.SetFilter("Outstanding Quantity", '<>0');
        if not SalesLine.IsEmpty() then
            exit(false);
        SalesLine.SetRange("Outstanding Quantity");
        SalesLine.SetFilter("Qty. Shipped Not Invoiced", '<>0');
        exit(SalesLine.IsEmpty());
    end;

    var
        SalesCalcDiscountByType: Codeunit "Sales - Calc Discount By Type";
        DiscountAmount: Decimal;
        DiscountAmountGiven: Boolean;
        WorkDescription: Text;
        WorkDescriptionGiven: Boolean;
        IdStaysErr: Label 'The id of a record that is there cannot be changed.';
}
